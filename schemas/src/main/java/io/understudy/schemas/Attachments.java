package io.understudy.schemas;

import static java.util.Objects.requireNonNull;

import java.util.regex.Pattern;

/**
 * What a machine has beside processor, memory and the standard devices, as the run's header records
 * it. Immutable.
 *
 * @param boot how the image is started: {@link #ELF} or {@link #LINUX}
 * @param initrdSha256 SHA-256 of the initial RAM disk as given, 64 lower-case hexadecimal digits;
 *     empty when there is none
 * @param disk the disk, or null
 * @param macAddress Ethernet address of the network card, such as {@code 52:54:00:12:34:56}; empty
 *     when there is no card
 * @param consoleDevice which device carries the console: {@link #UART} or {@link #VIRTIO}
 */
public record Attachments(
    String boot, String initrdSha256, Disk disk, String macAddress, String consoleDevice) {
  /** A bare-metal program is entered as it is. */
  public static final String ELF = "elf";

  /** Linux's 64-bit boot protocol. */
  public static final String LINUX = "linux";

  /** The console is the serial port. */
  public static final String UART = "uart";

  /** The console is the virtio console. */
  public static final String VIRTIO = "virtio";

  /** Nothing. */
  public static final Attachments NONE = new Attachments(ELF, "", null, "", UART);

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern MAC = Pattern.compile("[0-9a-f][02468ace](:[0-9a-f]{2}){5}");
  private static final int SECTOR_BYTES = 512;

  /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
  public Attachments {
    requireOneOf("boot", boot, ELF, LINUX);
    if (!initrdSha256.isEmpty()) {
      requireSha256("initrdSha256", initrdSha256);
    }
    if (!macAddress.isEmpty() && !MAC.matcher(macAddress).matches()) {
      throw new IllegalArgumentException(
          "an Ethernet address must be six lower-case hexadecimal bytes with colons, the first one"
              + " even (an odd one is a group's): macAddress="
              + macAddress);
    }
    requireOneOf("consoleDevice", consoleDevice, UART, VIRTIO);
  }

  /**
   * The base image of a disk; it is never written.
   *
   * @param name for people
   * @param bytes size, a positive multiple of 512
   * @param sha256 of its content, 64 lower-case hexadecimal digits
   */
  public record Disk(String name, long bytes, String sha256) {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public Disk {
      requireNonNull(name, "name");
      if (bytes <= 0 || bytes % SECTOR_BYTES != 0) {
        throw new IllegalArgumentException(
            "a disk must be a positive multiple of " + SECTOR_BYTES + " bytes: bytes=" + bytes);
      }
      requireSha256("sha256", sha256);
    }
  }

  /** Whether a network card is attached. */
  public boolean hasNetwork() {
    return !macAddress.isEmpty();
  }

  private static void requireSha256(String what, String value) {
    if (!SHA256.matcher(value).matches()) {
      throw new IllegalArgumentException(
          what + " must be 64 lower-case hexadecimal digits, is '" + value + "'");
    }
  }

  private static void requireOneOf(String what, String value, String first, String second) {
    if (!value.equals(first) && !value.equals(second)) {
      throw new IllegalArgumentException(
          what + " must be '" + first + "' or '" + second + "', is '" + value + "'");
    }
  }
}
