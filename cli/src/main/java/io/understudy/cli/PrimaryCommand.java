package io.understudy.cli;

import io.understudy.failover.front.ConsoleMode;
import io.understudy.failover.node.NewRun;
import io.understudy.machine.GuestImage;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Starts a new run of a VM and leads it. */
@Command(name = "primary", description = "Start a new run of a VM and lead it.")
final class PrimaryCommand implements Callable<Integer> {
  private static final long MEBIBYTE = 1L << 20;

  @Spec private CommandSpec spec;
  @Mixin private NodeOptions node;

  @Option(
      names = "--guest",
      defaultValue = GuestImages.LEDGER,
      paramLabel = "NAME|FILE",
      description = "The guest: 'ledger', which is built in, or a 64-bit ELF file.")
  private String guest;

  @Option(
      names = "--memory",
      defaultValue = "32",
      paramLabel = "MIB",
      description = "Memory of the guest in MiB, even, 16 to 1024.")
  private int memoryMiB;

  @Option(
      names = "--append",
      defaultValue = "",
      paramLabel = "TEXT",
      description = "Command line for the guest.")
  private String commandLine;

  @Option(
      names = "--partitions",
      defaultValue = "4",
      paramLabel = "N",
      description = "Partitions of the VM's log.")
  private int partitions;

  @Option(
      names = "--console-mode",
      defaultValue = "channels",
      paramLabel = "channels|stream",
      description =
          "How clients share the console: many by the channel protocol, or one with plain bytes.",
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
    GuestImage image = GuestImages.find(guest);
    long memoryBytes = memoryMiB * MEBIBYTE;
    MachineConfig checked = new MachineConfig(image, memoryBytes, commandLine, 0);
    return new NewRun(
        guest,
        checked.image(),
        checked.memoryBytes(),
        checked.commandLine(),
        partitions,
        consoleMode.code());
  }
}
