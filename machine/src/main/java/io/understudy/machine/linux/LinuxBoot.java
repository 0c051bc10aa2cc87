package io.understudy.machine.linux;

import io.understudy.machine.BadImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Lays out memory for a Linux kernel, by its 64-bit boot protocol.
 *
 * <pre>
 *   0x00500   (the machine's: descriptor table)
 *   0x07000   boot_params, "zero page"
 *   0x08ff0   (the machine's: initial stack, growing down)
 *   0x09000   (the machine's: page tables, to 0x0bfff)
 *   0x20000   command line, NUL-terminated
 *   0x21000   setup_data: seed of the kernel's random number generator
 *   0x9fc00   end of low memory; a hole follows, as on a PC
 *   0x100000  high memory: the kernel where it is linked, as a rule at 0x1000000
 *   top       initrd, page-aligned, as high as memory and the kernel's limit allow
 * </pre>
 *
 * <p>Addresses are Firecracker's ({@code src/vmm/src/arch/x86_64/layout.rs}) where it has them.
 * Source of the contents: Linux {@code Documentation/arch/x86/boot.rst} and {@code
 * arch/x86/include/uapi/asm/bootparam.h}.
 */
public final class LinuxBoot {
  /** Guest-physical address of boot_params. */
  public static final long ZERO_PAGE = 0x7000;

  /** Guest-physical address of the command line. */
  public static final long COMMAND_LINE = 0x20000;

  /** Guest-physical address of the first and only setup_data node. */
  public static final long SETUP_DATA = 0x21000;

  /** End of low memory; up to {@link #HIGH_MEMORY} lies a hole. */
  public static final long LOW_MEMORY_END = 0x9fc00;

  /** Where memory goes on behind the hole. */
  public static final long HIGH_MEMORY = 0x100000;

  /** Size of a seed for the kernel's random number generator. */
  public static final int SEED_BYTES = 32;

  /** Longest command line the layout has room for, whatever the kernel accepts. */
  public static final int COMMAND_LINE_MAX = 2047;

  private static final int PAGE = 4096;
  private static final long LARGE_PAGE = 2L << 20;
  private static final long MEMORY_MAX = 3L << 30; // above lie devices, as on a PC
  private static final int SETUP_RNG_SEED = 9;
  private static final int LOADER_UNDEFINED = 0xff;
  private static final int LOADFLAG_KASLR = 2;
  private static final int LOADFLAG_CAN_USE_HEAP = 0x80;
  private static final int E820_ENTRIES = 0x1e8;
  private static final int E820_TABLE = 0x2d0;
  private static final int E820_RAM = 1;
  private static final int E820_RESERVED = 2;

  private LinuxBoot() {}

  /**
   * Computes what goes where.
   *
   * @param initrd first user space, best an uncompressed cpio archive; empty for none
   * @param commandLine what the kernel gets, see {@link LinuxCommandLine}; ASCII
   * @param memoryBytes size of guest memory, a multiple of 4096 up to 3 GiB
   * @param seed {@value #SEED_BYTES} bytes from which all of the guest's random numbers follow; the
   *     kernel takes it if it was built with CONFIG_RANDOM_TRUST_BOOTLOADER
   * @throws BadImageException if the kernel's segments overlap
   * @throws IllegalArgumentException if memory is too small or another argument is out of range
   */
  public static BootImage layOut(
      RewrittenKernel kernel, byte[] initrd, String commandLine, long memoryBytes, byte[] seed) {
    SetupHeader header = kernel.original().header();
    byte[] line = checkedCommandLine(kernel.original(), commandLine);
    if (seed.length != SEED_BYTES) {
      throw new IllegalArgumentException(
          "the seed must have " + SEED_BYTES + " bytes, has " + seed.length);
    }
    if (memoryBytes <= HIGH_MEMORY || memoryBytes > MEMORY_MAX || memoryBytes % PAGE != 0) {
      throw new IllegalArgumentException(
          "guest memory must be a multiple of 4096 bytes in (1 MiB, 3072 MiB]: bytes="
              + memoryBytes);
    }
    long kernelEnd = Math.max(kernel.original().elf().endAddress(), header.initEnd());
    long initrdAddress = placeInitrd(kernel.original(), kernelEnd, initrd.length, memoryBytes);

    List<BootImage.Chunk> chunks = new ArrayList<>();
    byte[] zeroPage = zeroPage(header, initrdAddress, initrd.length, memoryBytes);
    chunks.add(new BootImage.Chunk(ZERO_PAGE, zeroPage));
    chunks.add(new BootImage.Chunk(COMMAND_LINE, line));
    chunks.add(new BootImage.Chunk(SETUP_DATA, setupData(seed)));
    addSegments(kernel, chunks);
    if (initrd.length > 0) {
      chunks.add(new BootImage.Chunk(initrdAddress, initrd.clone()));
    }
    return new BootImage(
        kernel.original().elf().entry(),
        ZERO_PAGE,
        kernelEnd,
        initrdAddress,
        initrd.length,
        chunks);
  }

  private static void addSegments(RewrittenKernel kernel, List<BootImage.Chunk> chunks) {
    List<ElfFile.Segment> segments = new ArrayList<>(kernel.original().elf().segments());
    segments.sort(Comparator.comparingLong(ElfFile.Segment::address));
    long end = 0;
    for (ElfFile.Segment segment : segments) {
      if (segment.address() < end) {
        throw new BadImageException(
            String.format(
                Locale.ROOT,
                "%s: segments overlap: one ends at 0x%x, the next begins at 0x%x",
                kernel.original().name(),
                end,
                segment.address()));
      }
      end = segment.address() + segment.memorySize();
      chunks.add(
          new BootImage.Chunk(
              segment.address(), kernel.sharedVmlinux(), segment.fileOffset(), segment.fileSize()));
    }
  }

  private static byte[] checkedCommandLine(KernelFile kernel, String commandLine) {
    int max = Math.min(COMMAND_LINE_MAX, kernel.header().commandLineMax());
    boolean ascii = StandardCharsets.US_ASCII.newEncoder().canEncode(commandLine);
    if (!ascii || commandLine.indexOf('\0') >= 0 || commandLine.length() > max) {
      throw new IllegalArgumentException(
          "the kernel's command line must be at most "
              + max
              + " ASCII characters without NUL: length="
              + commandLine.length());
    }
    return (commandLine + '\0').getBytes(StandardCharsets.US_ASCII);
  }

  private static long placeInitrd(
      KernelFile kernel, long kernelEnd, int initrdBytes, long memoryBytes) {
    long top = Math.min(memoryBytes, kernel.header().initrdAddressMax() + 1);
    long address = (top - initrdBytes) / PAGE * PAGE;
    if (kernelEnd <= memoryBytes && (initrdBytes == 0 || address >= kernelEnd)) {
      return initrdBytes == 0 ? 0 : address;
    }
    long needed = roundUp(roundUp(kernelEnd, PAGE) + roundUp(initrdBytes, PAGE), LARGE_PAGE);
    String advice =
        top < memoryBytes
            ? "the kernel wants its initrd below 0x" + Long.toHexString(top)
            : "give it at least " + (needed >> 20) + " MiB, better twice that";
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: too little memory: the kernel reaches to 0x%x and the initrd has %d bytes, the"
                + " guest has %d MiB; %s",
            kernel.name(),
            kernelEnd,
            initrdBytes,
            memoryBytes >> 20,
            advice));
  }

  private static byte[] zeroPage(
      SetupHeader header, long initrdAddress, int initrdBytes, long memoryBytes) {
    byte[] bytes = new byte[PAGE];
    header.copyTo(bytes);
    ByteBuffer page = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    page.put(SetupHeader.TYPE_OF_LOADER, (byte) LOADER_UNDEFINED);
    // The kernel runs where it is linked, and its 16-bit part, which would use the heap, never
    // runs.
    int loadflags = page.get(SetupHeader.LOADFLAGS) & ~(LOADFLAG_KASLR | LOADFLAG_CAN_USE_HEAP);
    page.put(SetupHeader.LOADFLAGS, (byte) loadflags);
    page.putInt(SetupHeader.RAMDISK_IMAGE, (int) initrdAddress);
    page.putInt(SetupHeader.RAMDISK_SIZE, initrdBytes);
    page.putInt(SetupHeader.COMMAND_LINE_POINTER, (int) COMMAND_LINE);
    page.putLong(SetupHeader.SETUP_DATA, SETUP_DATA);
    page.put(E820_ENTRIES, (byte) 3);
    e820(page, 0, 0, LOW_MEMORY_END, E820_RAM);
    e820(page, 1, LOW_MEMORY_END, HIGH_MEMORY - LOW_MEMORY_END, E820_RESERVED);
    e820(page, 2, HIGH_MEMORY, memoryBytes - HIGH_MEMORY, E820_RAM);
    return bytes;
  }

  private static void e820(ByteBuffer page, int index, long address, long size, int type) {
    int at = E820_TABLE + 20 * index;
    page.putLong(at, address);
    page.putLong(at + 8, size);
    page.putInt(at + 16, type);
  }

  /** One node: 64-bit address of the next (none), 32-bit type and length, content. */
  private static byte[] setupData(byte[] seed) {
    ByteBuffer node = ByteBuffer.allocate(16 + SEED_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    node.putLong(0).putInt(SETUP_RNG_SEED).putInt(SEED_BYTES).put(seed);
    return node.array();
  }

  private static long roundUp(long value, long unit) {
    return (value + unit - 1) / unit * unit;
  }
}
