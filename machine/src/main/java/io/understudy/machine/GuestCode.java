package io.understudy.machine;

import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.SpecialRegisters;

/**
 * Reads the guest's code through its own page tables, without changing them.
 *
 * <p>Owned by the vCPU thread. Source: AMD APM volume 2, section 5.3, long-mode page translation
 * with four levels; the processor model has no fifth.
 */
final class GuestCode {
  /** There is no such byte: the page is not mapped, or not to RAM. */
  static final int NONE = -1;

  private static final int LEVELS = 4;
  private static final int PAGE_SHIFT = 12;
  private static final int INDEX_BITS = 9;
  private static final int INDEX_MASK = (1 << INDEX_BITS) - 1;
  private static final long PRESENT = 1;
  private static final long LARGE = 1 << 7;
  private static final long ADDRESS_MASK = 0x000f_ffff_ffff_f000L;

  private final GuestMemory memory;

  GuestCode(GuestMemory memory) {
    this.memory = memory;
  }

  /** The byte at a linear address in long mode, or {@link #NONE}. */
  int byteAt(long address, SpecialRegisters registers) {
    long table = registers.cr3() & ADDRESS_MASK;
    for (int level = LEVELS - 1; level >= 0; level--) {
      int shift = PAGE_SHIFT + level * INDEX_BITS;
      long entry = readLong(table + ((address >>> shift) & INDEX_MASK) * Long.BYTES);
      if ((entry & PRESENT) == 0) {
        return NONE;
      }
      if (level == 0 || (level < LEVELS - 1 && (entry & LARGE) != 0)) {
        long offsetMask = (1L << shift) - 1;
        return readByte((entry & ADDRESS_MASK & ~offsetMask) | (address & offsetMask));
      }
      table = entry & ADDRESS_MASK;
    }
    return NONE;
  }

  private long readLong(long address) {
    return isRam(address, Long.BYTES) ? memory.readLong(address) : 0;
  }

  private int readByte(long address) {
    if (!isRam(address, 1)) {
      return NONE;
    }
    byte[] one = new byte[1];
    memory.read(address, one, 0, 1);
    return one[0] & 0xff;
  }

  private boolean isRam(long address, int length) {
    return address >= 0 && address <= memory.sizeBytes() - length;
  }
}
