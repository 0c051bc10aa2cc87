package io.understudy.cli;

import io.understudy.failover.front.ConsoleMode;
import io.understudy.failover.node.NewRun;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineParts;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Starts a new run of a VM and leads it. */
@Command(name = "primary", description = "Start a new run of a VM and lead it.")
final class PrimaryCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private NodeOptions node;
  @Mixin private MachineOptions machine;

  @Option(
      names = "--partitions",
      defaultValue = "4",
      paramLabel = "N",
      description = "Partitions of the VM's log.")
  private int partitions;

  @Option(
      names = "--console-mode",
      paramLabel = "channels|stream",
      description =
          "How clients share the console: many by the channel protocol, or one with plain bytes;"
              + " the latter for Linux when not given.",
      converter = Converters.ToConsoleMode.class)
  private ConsoleMode consoleMode;

  @Override
  public Integer call() throws InterruptedException {
    NewRun run = newRun();
    return node.run(started -> started.runPrimary(run), spec.commandLine().getErr());
  }

  /** Everything about the run that can be wrong is found before anything is started. */
  NewRun newRun() {
    if (partitions < 1) {
      throw new IllegalArgumentException(
          "--partitions must be at least 1: partitions=" + partitions);
    }
    GuestFiles files = node.guest().files();
    boolean isLinux = files.kernel() != null;
    MachineConfig checked = machine.check(files, node.vm().text(), !node.tap().isEmpty());
    ConsoleMode mode =
        consoleMode != null ? consoleMode : isLinux ? ConsoleMode.STREAM : ConsoleMode.CHANNELS;
    String name = isLinux ? files.kernel().getFileName().toString() : nameOf(files.guest());
    return new NewRun(
        name,
        new MachineParts(checked.program(), checked.disk()),
        checked.memoryBytes(),
        checked.commandLine(),
        checked.macAddress(),
        checked.consoleDevice(),
        partitions,
        mode.code());
  }

  private static String nameOf(String guest) {
    return guest == null ? GuestImages.LEDGER : guest;
  }
}
