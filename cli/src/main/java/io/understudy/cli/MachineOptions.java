package io.understudy.cli;

import io.understudy.machine.GuestFiles;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineParts;
import io.understudy.machine.RunClock;
import io.understudy.machine.linux.LinuxCommandLine;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.Hashes;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import picocli.CommandLine.Help;
import picocli.CommandLine.Option;

/** What a new machine is like, beside the files it is made of. */
final class MachineOptions {
  private static final long MEBIBYTE = 1L << 20;
  private static final int MEMORY_MIB = 32;
  private static final int LINUX_MEMORY_MIB = 256;

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
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "TEXT",
      description =
          "Command line for the guest; what Linux needs to be deterministic is added to it.")
  private String commandLine;

  /**
   * Finds everything that can be wrong with the machine, before anything is started. Its time and
   * its seed are still to be chosen.
   *
   * @param vm from which the network card's address follows if none is given
   * @param hasTap whether it has a network card
   */
  MachineConfig check(GuestFiles files, String vm, boolean hasTap) {
    boolean isLinux = files.kernel() != null;
    MachineParts parts = files.read(GuestImages.LEDGER);
    long memoryBytes =
        (memoryMiB != null ? memoryMiB : isLinux ? LINUX_MEMORY_MIB : MEMORY_MIB) * MEBIBYTE;
    String mac = macAddress != null ? macAddress : hasTap ? macOf(vm) : "";
    String line =
        isLinux ? LinuxCommandLine.withDefaults(defaultConsole() + commandLine) : commandLine;
    return new MachineConfig(
        parts.program(), memoryBytes, line, 0, 0, RunClock.EXIT, parts.disk(), mac, consoleDevice);
  }

  private String defaultConsole() {
    return consoleDevice.equals(Attachments.VIRTIO) && !commandLine.contains("console=")
        ? "console=hvc0 "
        : "";
  }

  /** A locally administered address with QEMU's prefix; the same VM has the same one everywhere. */
  private static String macOf(String vm) {
    byte[] hash = Hashes.sha256(vm.getBytes(StandardCharsets.UTF_8));
    return "52:54:00:" + HexFormat.ofDelimiter(":").formatHex(hash, 0, 3);
  }
}
