package io.understudy.machine;

import io.understudy.kvm.GuestMemory;
import io.understudy.machine.linux.BootImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Puts a guest and what its entry expects into memory: the image's segments, boot_params with an
 * e820 map, the command line, a GDT, and page tables that map the first GiB to itself. Linux comes
 * with a layout of its own that keeps to the same addresses.
 *
 * <p>The layout is that of Firecracker ({@code src/vmm/src/arch/x86_64/layout.rs}); the contents
 * follow Linux's 64-bit boot protocol ({@code Documentation/arch/x86/boot.rst}). Page-table entries
 * carry their accessed and dirty bits from the start, so that no host writes them later.
 *
 * <pre>
 *   0x00500  GDT: null, code 0x08, data 0x10, TSS 0x18
 *   0x07000  boot_params ("zero page")
 *   0x08ff0  initial stack, growing down
 *   0x09000  PML4, 0x0a000 PDPT, 0x0b000 PD (512 pages of 2 MiB)
 *   0x20000  command line, NUL-terminated
 *   0x100000 the image
 * </pre>
 */
final class BootLoader {
  static final long GDT = 0x500;
  static final long ZERO_PAGE = 0x7000;
  static final long STACK = 0x8ff0;
  static final long PML4 = 0x9000;
  private static final long PDPT = 0xa000;
  private static final long PAGE_DIRECTORY = 0xb000;
  private static final long COMMAND_LINE = 0x20000;

  /** End of low memory and of the hole below 1 MiB, as on a PC. */
  private static final long LOW_MEMORY_END = 0x9fc00;

  private static final long HIGH_MEMORY = 0x100000;

  static final long CODE_DESCRIPTOR = 0x00af9b000000ffffL;
  static final long DATA_DESCRIPTOR = 0x00cf93000000ffffL;
  private static final long TSS_DESCRIPTOR = 0x008f8b000000ffffL;

  private static final long TABLE_ENTRY = 0x23; // present, writable, accessed
  private static final long LARGE_PAGE = 0xe3; // present, writable, accessed, dirty, 2 MiB

  private BootLoader() {}

  /** Returns the address of the first instruction. */
  static long load(GuestMemory memory, MachineConfig config) {
    writePageTables(memory);
    memory.writeLong(GDT + 8, CODE_DESCRIPTOR);
    memory.writeLong(GDT + 16, DATA_DESCRIPTOR);
    memory.writeLong(GDT + 24, TSS_DESCRIPTOR);
    if (config.program() instanceof LinuxGuest linux) {
      BootImage image =
          linux.layOut(config.commandLine(), config.memoryBytes(), config.seedFor("boot"));
      image.writeTo(memory::write);
      return image.entry();
    }
    GuestImage image = (GuestImage) config.program();
    for (GuestImage.Segment segment : image.segments()) {
      memory.write(segment.address(), image.bytes(), segment.fileOffset(), segment.fileSize());
    }
    byte[] commandLine = config.commandLine().getBytes(StandardCharsets.US_ASCII);
    memory.write(COMMAND_LINE, commandLine, 0, commandLine.length);
    byte[] zeroPage = zeroPage(config.memoryBytes());
    memory.write(ZERO_PAGE, zeroPage, 0, zeroPage.length);
    return image.entry();
  }

  private static void writePageTables(GuestMemory memory) {
    memory.writeLong(PML4, PDPT | TABLE_ENTRY);
    memory.writeLong(PDPT, PAGE_DIRECTORY | TABLE_ENTRY);
    for (int page = 0; page < 512; page++) {
      memory.writeLong(PAGE_DIRECTORY + 8L * page, ((long) page << 21) | LARGE_PAGE);
    }
  }

  private static byte[] zeroPage(long memoryBytes) {
    ByteBuffer page = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    page.putShort(0x1fe, (short) 0xaa55); // boot_flag
    page.putInt(0x202, 0x53726448); // "HdrS"
    page.putShort(0x206, (short) 0x20c); // protocol version with the 64-bit entry
    page.put(0x210, (byte) 0xff); // type_of_loader: undefined
    page.putInt(0x228, (int) COMMAND_LINE);
    page.putInt(0x230, 0x1000000); // kernel_alignment
    page.putInt(0x238, MachineConfig.COMMAND_LINE_MAX);
    page.put(0x1e8, (byte) 3);
    e820(page, 0, 0, LOW_MEMORY_END, 1);
    e820(page, 1, LOW_MEMORY_END, HIGH_MEMORY - LOW_MEMORY_END, 2);
    e820(page, 2, HIGH_MEMORY, memoryBytes - HIGH_MEMORY, 1);
    return page.array();
  }

  /** type 1 is RAM, 2 is reserved. */
  private static void e820(ByteBuffer page, int index, long address, long size, int type) {
    int at = 0x2d0 + 20 * index;
    page.putLong(at, address);
    page.putLong(at + 8, size);
    page.putInt(at + 16, type);
  }
}
