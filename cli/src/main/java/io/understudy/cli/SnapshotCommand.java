package io.understudy.cli;

import io.understudy.failover.operator.OrderRefusedException;
import io.understudy.log.ClusterConnection;
import io.understudy.log.LogExtent;
import io.understudy.log.StoredSnapshot;
import io.understudy.replay.SnapshotSource;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Orders a snapshot of a running VM and waits for it. */
@Command(
    name = "snapshot",
    description = "Order a snapshot of a VM from its primary, which goes on running, and wait.")
final class SnapshotCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;

  @Mixin private VmOption vm;

  @Option(
      names = "--timeout",
      defaultValue = "15s",
      paramLabel = "TIME",
      description = "How long to wait for the primary to begin; then it goes on until it is done.",
      converter = Converters.ToDuration.class)
  private Duration timeout;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    Limits.within("--timeout", timeout, Duration.ofSeconds(1), Limits.HOUR);
    ClusterConnection connection = cluster.reach();
    ClusterOptions.requireLog(connection, vm.id());
    LogExtent log = LogExtent.of(connection, vm.id());
    if (log.run() == null) {
      throw new OrderRefusedException("this VM has no run yet: vm=" + vm.id());
    }
    AtomicBoolean stopped = new AtomicBoolean();
    Termination.onSignal(() -> stopped.set(true));
    try (SnapshotSource source = SnapshotSource.open(connection, vm.id(), log.run(), "operator")) {
      StoredSnapshot taken =
          source
              .order(-1, "ordered on the command line", timeout, stopped::get)
              .orElseThrow(
                  () ->
                      new OrderRefusedException(
                          "no snapshot was taken: vm="
                              + vm.id()
                              + " run="
                              + log.run()
                              + ": does a primary run? see: understudy status"));
      show(taken);
    }
    return ExitCode.OK.code();
  }

  private void show(StoredSnapshot taken) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.pretty(SnapshotText.json(taken)));
    } else {
      out.print(SnapshotText.heading());
      out.print(SnapshotText.line(taken));
    }
    out.flush();
  }
}
