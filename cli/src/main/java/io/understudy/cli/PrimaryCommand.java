package io.understudy.cli;

import io.understudy.failover.front.ConsoleMode;
import io.understudy.failover.node.NewRun;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineParts;
import io.understudy.machine.linux.LinuxCommandLine;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.VmId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
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
  private static final int MEMORY_MIB = 32;
  private static final int LINUX_MEMORY_MIB = 256;

  @Spec private CommandSpec spec;
  @Mixin private NodeOptions node;

  @Option(
      names = "--memory",
      paramLabel = "MIB",
      description =
          "Memory of the guest in MiB, even, 16 to 1024; 32, or 256 for Linux, when not given.")
  private Integer memoryMiB;

  @Option(
      names = "--mac",
      paramLabel = "ADDRESS",
      description =
          "Ethernet address of the guest's network card; made from the VM's id when --tap is given"
              + " and this is not.")
  private String macAddress;

  @Option(
      names = "--console",
      defaultValue = Attachments.UART,
      paramLabel = "uart|virtio",
      description = "Which device carries the console: the serial port (ttyS0) or virtio (hvc0).")
  private String consoleDevice;

  @Option(
      names = "--append",
      defaultValue = "",
      paramLabel = "TEXT",
      description =
          "Command line for the guest; what Linux needs to be deterministic is added to it.")
  private String commandLine;

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
    MachineParts parts = files.read(GuestImages.LEDGER);
    long memoryBytes =
        (memoryMiB != null ? memoryMiB : isLinux ? LINUX_MEMORY_MIB : MEMORY_MIB) * MEBIBYTE;
    String mac = macAddress != null ? macAddress : node.tap().isEmpty() ? "" : macOf(node.vm());
    String line =
        isLinux ? LinuxCommandLine.withDefaults(defaultConsole() + commandLine) : commandLine;
    // Everything that can be wrong with the machine is found here, before anything is started.
    MachineConfig checked =
        new MachineConfig(
            parts.program(), memoryBytes, line, 0, 0, true, parts.disk(), mac, consoleDevice);
    ConsoleMode mode =
        consoleMode != null ? consoleMode : isLinux ? ConsoleMode.STREAM : ConsoleMode.CHANNELS;
    String name = isLinux ? files.kernel().getFileName().toString() : nameOf(files.guest());
    return new NewRun(
        name,
        parts,
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

  private String defaultConsole() {
    return consoleDevice.equals(Attachments.VIRTIO) && !commandLine.contains("console=")
        ? "console=hvc0 "
        : "";
  }

  /** A locally administered address with QEMU's prefix; the same VM has the same one everywhere. */
  private static String macOf(VmId vm) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(vm.text().getBytes(StandardCharsets.UTF_8));
      return "52:54:00:" + HexFormat.ofDelimiter(":").formatHex(hash, 0, 3);
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException("every Java platform has SHA-256", absent);
    }
  }
}
