package io.understudy.machine;

import io.understudy.machine.disk.FileDisk;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.Hashes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Objects;

/**
 * Everything a machine's first state depends on; the same values give the same machine.
 *
 * @param program what the guest executes
 * @param memoryBytes size of guest memory, a multiple of 2 MiB in [16 MiB, 1 GiB]
 * @param commandLine handed to the guest as Linux's boot protocol says, at most 2047 ASCII bytes
 * @param wallClockEpochMillis what the real-time clock shows at virtual time 0, milliseconds since
 *     1970-01-01 UTC
 * @param seed from which all random numbers of the machine follow
 * @param clock where interrupts can enter beside the guest's exits; what the host must offer for it
 *     is its caller's to see to
 * @param disk the disk, or null
 * @param macAddress Ethernet address of the network card; empty when there is none
 * @param consoleDevice which device carries the console, {@link Attachments#UART} or {@link
 *     Attachments#VIRTIO}
 */
public record MachineConfig(
    GuestProgram program,
    long memoryBytes,
    String commandLine,
    long wallClockEpochMillis,
    long seed,
    RunClock clock,
    FileDisk disk,
    String macAddress,
    String consoleDevice) {
  private static final long MEBIBYTE = 1L << 20;
  static final int COMMAND_LINE_MAX = 2047;

  /** Refuses what no machine can be made of. */
  public MachineConfig {
    Objects.requireNonNull(program, "program");
    Objects.requireNonNull(commandLine, "commandLine");
    Objects.requireNonNull(clock, "clock");
    if (memoryBytes < 16 * MEBIBYTE
        || memoryBytes > 1024 * MEBIBYTE
        || memoryBytes % (2 * MEBIBYTE) != 0) {
      throw new IllegalArgumentException(
          "guest memory must be a multiple of 2 MiB in [16 MiB, 1024 MiB]: bytes=" + memoryBytes);
    }
    boolean ascii = StandardCharsets.US_ASCII.newEncoder().canEncode(commandLine);
    if (!ascii || commandLine.length() > COMMAND_LINE_MAX || commandLine.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "the guest's command line must be at most "
              + COMMAND_LINE_MAX
              + " ASCII characters without NUL: length="
              + commandLine.length());
    }
    if (wallClockEpochMillis < 0) {
      throw new IllegalArgumentException(
          "the start time must not lie before 1970: epochMillis=" + wallClockEpochMillis);
    }
    if (program instanceof GuestImage image && image.endAddress() > memoryBytes) {
      throw new IllegalArgumentException(
          image.name()
              + " needs memory up to 0x"
              + Long.toHexString(image.endAddress())
              + ", the guest has 0x"
              + Long.toHexString(memoryBytes));
    }
    if (program instanceof LinuxGuest linux) {
      // Finds out now, not when everything else runs, whether memory and command line suffice.
      linux.layOut(commandLine, memoryBytes, seedFor("boot", seed));
    }
    requireLegal(program, disk, macAddress, consoleDevice);
  }

  /** A bare-metal guest with nothing but the standard devices. */
  public MachineConfig(
      GuestProgram program, long memoryBytes, String commandLine, long wallClockEpochMillis) {
    this(
        program,
        memoryBytes,
        commandLine,
        wallClockEpochMillis,
        0,
        RunClock.EXIT,
        null,
        "",
        Attachments.UART);
  }

  /** The record that goes into a run's header refuses what is not legal there. */
  private static void requireLegal(
      GuestProgram program, FileDisk disk, String macAddress, String consoleDevice) {
    Objects.requireNonNull(attachments(program, disk, macAddress, consoleDevice));
  }

  /** What the run header records beside processor, memory and the standard devices. */
  Attachments attachments() {
    return attachments(program, disk, macAddress, consoleDevice);
  }

  private static Attachments attachments(
      GuestProgram program, FileDisk disk, String macAddress, String consoleDevice) {
    return new Attachments(
        program.boot(),
        program.initrdSha256(),
        disk == null ? null : disk.description(),
        macAddress,
        consoleDevice);
  }

  /** Whether the machine has a PCI bus: whether anything is to be on it, or the guest is Linux. */
  boolean hasPci() {
    return !attachments().equals(Attachments.NONE);
  }

  /** 32 bytes for one use of the seed. */
  byte[] seedFor(String purpose) {
    return seedFor(purpose, seed);
  }

  private static byte[] seedFor(String purpose, long seed) {
    MessageDigest digest = Hashes.sha256();
    digest.update(purpose.getBytes(StandardCharsets.US_ASCII));
    return digest.digest(ByteBuffer.allocate(Long.BYTES).putLong(0, seed).array());
  }
}
