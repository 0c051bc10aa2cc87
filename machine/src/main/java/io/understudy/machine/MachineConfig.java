package io.understudy.machine;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Everything a machine's first state depends on; the same values give the same machine.
 *
 * @param image the guest's program
 * @param memoryBytes size of guest memory, a multiple of 2 MiB in [16 MiB, 1 GiB]
 * @param commandLine handed to the guest as Linux's boot protocol says, at most 2047 ASCII bytes
 * @param wallClockEpochMillis what the real-time clock shows at virtual time 0, milliseconds since
 *     1970-01-01 UTC
 */
public record MachineConfig(
    GuestImage image, long memoryBytes, String commandLine, long wallClockEpochMillis) {
  private static final long MEBIBYTE = 1L << 20;
  static final int COMMAND_LINE_MAX = 2047;

  /** Refuses what no machine can be made of. */
  public MachineConfig {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(commandLine, "commandLine");
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
    if (image.endAddress() > memoryBytes) {
      throw new IllegalArgumentException(
          image.name()
              + " needs memory up to 0x"
              + Long.toHexString(image.endAddress())
              + ", the guest has 0x"
              + Long.toHexString(memoryBytes));
    }
    if (wallClockEpochMillis < 0) {
      throw new IllegalArgumentException(
          "the start time must not lie before 1970: epochMillis=" + wallClockEpochMillis);
    }
  }
}
