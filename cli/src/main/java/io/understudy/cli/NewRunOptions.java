package io.understudy.cli;

import io.understudy.failover.front.ConsoleMode;
import io.understudy.failover.node.NewRun;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineParts;
import io.understudy.schemas.VmId;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new run is like. */
final class NewRunOptions {
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

  /**
   * Everything about the run that can be wrong is found before anything is started.
   *
   * @param hasTap whether the machine has a network card
   */
  NewRun newRun(GuestFiles files, VmId vm, boolean hasTap) {
    if (partitions < 1) {
      throw new IllegalArgumentException(
          "--partitions must be at least 1: partitions=" + partitions);
    }
    boolean isLinux = files.kernel() != null;
    MachineConfig checked = machine.check(files, vm.text(), hasTap);
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
