package io.understudy.machine.linux;

import io.understudy.machine.BadImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/**
 * The setup header of a kernel: what it tells its loader, and what the loader hands back to it
 * inside boot_params. Immutable.
 *
 * <p>Source: Linux {@code Documentation/arch/x86/boot.rst}, "The Real-Mode Kernel Header", and
 * {@code arch/x86/include/uapi/asm/bootparam.h}. Offsets are the same in the file and in the zero
 * page.
 */
public final class SetupHeader {
  static final int BEGIN = 0x1f1;
  static final int BOOT_FLAG = 0x1fe;
  static final int JUMP_LENGTH = 0x201;
  static final int MAGIC = 0x202;
  static final int VERSION = 0x206;
  static final int KERNEL_VERSION = 0x20e;
  static final int TYPE_OF_LOADER = 0x210;
  static final int LOADFLAGS = 0x211;
  static final int RAMDISK_IMAGE = 0x218;
  static final int RAMDISK_SIZE = 0x21c;
  static final int COMMAND_LINE_POINTER = 0x228;
  static final int INITRD_ADDRESS_MAX = 0x22c;
  static final int KERNEL_ALIGNMENT = 0x230;
  static final int XLOADFLAGS = 0x236;
  static final int COMMAND_LINE_SIZE = 0x238;
  static final int PAYLOAD_OFFSET = 0x248;
  static final int PAYLOAD_LENGTH = 0x24c;
  static final int SETUP_DATA = 0x250;
  static final int PREFERRED_ADDRESS = 0x258;
  static final int INIT_SIZE = 0x260;

  /** Where the header must have ended in boot_params: other fields follow. */
  static final int LIMIT = 0x290;

  static final int MAGIC_VALUE = 0x53726448; // "HdrS"
  static final short BOOT_FLAG_VALUE = (short) 0xaa55;

  /** The oldest protocol with a 64-bit entry. */
  static final int OLDEST_VERSION = 0x20c;

  private static final int HAS_64_BIT_ENTRY = 1;
  private static final int SECTOR = 512;

  private final byte[] bytes;
  private final boolean synthetic;
  private final String kernelVersion;

  private SetupHeader(byte[] bytes, boolean synthetic, String kernelVersion) {
    this.bytes = bytes;
    this.synthetic = synthetic;
    this.kernelVersion = kernelVersion;
  }

  /** Whether {@code file} begins as a kernel with a setup header does. */
  static boolean isIn(byte[] file) {
    return file.length >= MAGIC + 4 && littleEndian(file).getInt(MAGIC) == MAGIC_VALUE;
  }

  /**
   * Reads the header of a bzImage.
   *
   * @throws BadImageException if it is cut off, too old, or of a kernel without a 64-bit entry
   */
  static SetupHeader of(String name, byte[] file) {
    ByteBuffer in = littleEndian(file);
    if (file.length < LIMIT) {
      throw new BadImageException(
          name + ": the kernel's setup header is cut off: " + sizes(LIMIT, file.length));
    }
    if (in.getShort(BOOT_FLAG) != BOOT_FLAG_VALUE) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: the boot flag at 0x1fe must be 0xaa55, is 0x%04x: the file is damaged",
              name,
              in.getShort(BOOT_FLAG)));
    }
    int version = in.getShort(VERSION) & 0xffff;
    if (version < OLDEST_VERSION) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: boot protocol version too old: expected at least 2.12, actual %d.%02d; take"
                  + " a kernel of Linux 3.8 or later",
              name,
              version >> 8,
              version & 0xff));
    }
    if ((in.getShort(XLOADFLAGS) & HAS_64_BIT_ENTRY) == 0) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: the kernel has no 64-bit entry (xloadflags bit 0 at 0x236): xloadflags=0x%x;"
                  + " take an x86-64 kernel",
              name,
              in.getShort(XLOADFLAGS)));
    }
    int end = MAGIC + (file[JUMP_LENGTH] & 0xff);
    if (end < INIT_SIZE + 4 || end > LIMIT) {
      throw new BadImageException(
          String.format(
              Locale.ROOT,
              "%s: the setup header must end in [0x%x, 0x%x], says it ends at 0x%x",
              name,
              INIT_SIZE + 4,
              LIMIT,
              end));
    }
    byte[] header = new byte[LIMIT];
    System.arraycopy(file, BEGIN, header, BEGIN, end - BEGIN);
    return new SetupHeader(header, false, kernelVersion(file, in));
  }

  /**
   * Makes a header for a kernel that came as a bare ELF file: what the kernel proper looks at, no
   * more.
   */
  static SetupHeader synthetic(String kernelVersion) {
    byte[] header = new byte[LIMIT];
    ByteBuffer out = littleEndian(header);
    out.putShort(BOOT_FLAG, BOOT_FLAG_VALUE);
    out.putInt(MAGIC, MAGIC_VALUE);
    out.putShort(VERSION, (short) OLDEST_VERSION);
    out.put(LOADFLAGS, (byte) 1);
    out.putInt(INITRD_ADDRESS_MAX, 0x7fffffff);
    out.putInt(KERNEL_ALIGNMENT, 0x1000000);
    out.putShort(XLOADFLAGS, (short) HAS_64_BIT_ENTRY);
    out.putInt(COMMAND_LINE_SIZE, 2047);
    return new SetupHeader(header, true, kernelVersion);
  }

  private static String kernelVersion(byte[] file, ByteBuffer in) {
    int pointer = in.getShort(KERNEL_VERSION) & 0xffff;
    int begin = pointer + SECTOR;
    if (pointer == 0 || begin >= file.length) {
      return null;
    }
    int end = begin;
    while (end < file.length && end - begin < 256 && file[end] >= ' ' && file[end] < 0x7f) {
      end++;
    }
    return end == begin ? null : new String(file, begin, end - begin, StandardCharsets.US_ASCII);
  }

  /** Whether the header was made here, because the kernel came as a bare ELF file. */
  public boolean isSynthetic() {
    return synthetic;
  }

  /** The protocol version, major in the high byte: 0x20f is 2.15. */
  public int version() {
    return unsigned16(VERSION);
  }

  /** What the kernel calls itself, such as {@code 6.1.0-56-amd64 (...) #1 SMP}. */
  public Optional<String> kernelVersion() {
    return Optional.ofNullable(kernelVersion);
  }

  /** Offset in the file of the part that runs in protected mode. */
  long protectedModeOffset() {
    int sectors = bytes[BEGIN] & 0xff;
    return ((sectors == 0 ? 4 : sectors) + 1L) * SECTOR;
  }

  /** Offset of the compressed kernel, from {@link #protectedModeOffset}. */
  long payloadOffset() {
    return unsigned32(PAYLOAD_OFFSET);
  }

  /** Size of the compressed kernel in bytes, its trailer included. */
  long payloadLength() {
    return unsigned32(PAYLOAD_LENGTH);
  }

  /** The highest address an initrd's last byte may have. */
  long initrdAddressMax() {
    return unsigned32(INITRD_ADDRESS_MAX);
  }

  /** The longest command line in bytes, without its NUL. */
  int commandLineMax() {
    return (int) Math.min(unsigned32(COMMAND_LINE_SIZE), Integer.MAX_VALUE);
  }

  /** First address behind what the kernel needs before it reads the memory map, or 0. */
  long initEnd() {
    return unsigned32(INIT_SIZE) == 0
        ? 0
        : littleEndian(bytes).getLong(PREFERRED_ADDRESS) + unsigned32(INIT_SIZE);
  }

  /** Copies the header to its place in a zero page. */
  void copyTo(byte[] zeroPage) {
    System.arraycopy(bytes, BEGIN, zeroPage, BEGIN, LIMIT - BEGIN);
  }

  private int unsigned16(int offset) {
    return littleEndian(bytes).getShort(offset) & 0xffff;
  }

  private long unsigned32(int offset) {
    return littleEndian(bytes).getInt(offset) & 0xffffffffL;
  }

  private static String sizes(long expected, long actual) {
    return "expected at least " + expected + " bytes, actual " + actual;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
