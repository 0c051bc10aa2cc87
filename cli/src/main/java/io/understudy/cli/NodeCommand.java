package io.understudy.cli;

import io.understudy.cli.Converters.TapOption;
import io.understudy.failover.coordinator.LoneWatch;
import io.understudy.failover.monitor.Monitor;
import io.understudy.failover.node.NewRun;
import io.understudy.failover.node.NodeProcess;
import io.understudy.failover.node.OrderBoard;
import io.understudy.failover.node.VmEnd;
import io.understudy.kvm.Kvm;
import io.understudy.log.AccessRole;
import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTopics;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Keeps many VMs: follows each, leads it when ordered, and follows again afterwards. */
@Command(
    name = "node",
    description = {
      "Keep virtual machines: follow each, lead it when ordered, and follow again.",
      "It ends when it is asked to, or when no virtual machine is left that it could keep."
    })
final class NodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private NodeOptions node;
  @Mixin private NewRunOptions newRun;

  @Option(
      names = "--vm",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "ID",
      description =
          "A virtual machine to keep; its state is in DIR/ID. May be repeated; others can be"
              + " attached later.",
      converter = Converters.ToVmId.class)
  private List<VmId> vms = new ArrayList<>();

  @Option(
      names = "--tap",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "VM=NAME",
      description = "The TAP interface that connects a guest's network card. May be repeated.",
      converter = Converters.ToTap.class)
  private List<TapOption> taps = new ArrayList<>();

  @Option(
      names = "--begin",
      description =
          "Begin a run of each VM that has none, like 'primary'; else wait until there is one.")
  private boolean begin;

  @Override
  public Integer call() throws InterruptedException {
    Map<VmId, String> tapOf = taps();
    requireManyFit();
    // Found now, not by each VM.
    Kvm.open(node.device()).close();
    Map<VmId, NewRun> runs = newRuns(tapOf);
    ClusterConnection connection = node.reach();
    PrintWriter err = spec.commandLine().getErr();
    try (LogTopics topics = new LogTopics(connection)) {
      topics.prepareFor(AccessRole.STANDBY);
    }
    try (Monitor monitor = node.openMonitor();
        OrderBoard board = new OrderBoard(connection);
        LoneWatch watch = node.watch(connection)) {
      watch.start();
      NodeProcess process =
          new NodeProcess(
              node.node(),
              board,
              node.watching(monitor),
              vm ->
                  node.settings(
                      connection, vm, node.state().resolve(vm.text()), tapOf.getOrDefault(vm, "")));
      vms.forEach(vm -> process.add(vm, runs.get(vm)));
      Termination.onSignal(() -> process.stop("the process was asked to end"));
      return exitOf(process.run(end -> say(end, err))).code();
    }
  }

  /** What the process ends with: the first trouble that a VM left it with. */
  static ExitCode exitOf(List<VmEnd> ends) {
    return ends.stream()
        .map(
            end ->
                end.failure()
                    .map(Failures::exitOf)
                    .orElseGet(() -> Failures.exitOf(end.exit().kind())))
        .filter(code -> code != ExitCode.OK)
        .findFirst()
        .orElse(ExitCode.OK);
  }

  Map<VmId, String> taps() {
    Map<VmId, String> byVm = new LinkedHashMap<>();
    for (TapOption tap : taps) {
      if (byVm.containsValue(tap.name()) || byVm.put(tap.vm(), tap.name()) != null) {
        throw refused("one --tap for each VM, and one VM for each interface: " + tap);
      }
    }
    return byVm;
  }

  private void requireManyFit() {
    if (new HashSet<>(vms).size() < vms.size()) {
      throw refused("--vm is given twice for the same VM: " + vms);
    }
    if (node.consoleListen().getPort() != 0) {
      throw refused(
          "--console-listen must have port 0, as each VM has a console of its own: is="
              + node.consoleListen());
    }
  }

  private Map<VmId, NewRun> newRuns(Map<VmId, String> tapOf) {
    Map<VmId, NewRun> runs = new LinkedHashMap<>();
    if (begin) {
      for (VmId vm : vms) {
        runs.put(vm, newRun.newRun(node.guest().files(), vm, tapOf.containsKey(vm)));
      }
    }
    return runs;
  }

  private void say(VmEnd end, PrintWriter err) {
    err.println("vm left: vm=" + end.vm() + " node=" + node.node() + " reason=" + end.describe());
    err.flush();
  }

  private ParameterException refused(String why) {
    return new ParameterException(spec.commandLine(), why);
  }
}
