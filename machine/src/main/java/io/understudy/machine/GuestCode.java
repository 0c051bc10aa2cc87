package io.understudy.machine;

import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.SpecialRegisters;
import io.understudy.kvm.Vcpu;
import java.util.BitSet;

/**
 * Reads the guest's code through its own page tables, without changing them.
 *
 * <p>Owned by the vCPU thread. Source: AMD APM volume 2, section 5.3, long-mode page translation
 * with four levels; the processor model has no fifth.
 */
final class GuestCode {
  /** There is no such byte: the page is not mapped, or not to RAM. */
  static final int NONE = -1;

  /** The instruction that lets interrupts in, behind the one that follows it. */
  static final int STI = 0xfb;

  /** INS, OUTS, IN, OUT and HLT: a step over one of them is lost in its exit, or hides it. */
  private static final BitSet EXITING_OPCODES =
      BitSet.valueOf(
          new long[] {0, 0xf000_0000_0000L, 0, 1L << (0xf4 - 0xc0) | 0xf0f0L << (0xe0 - 0xc0)});

  /** REX, operand and address size, REPNE and REP. */
  private static final BitSet PREFIXES =
      BitSet.valueOf(
          new long[] {
            0, 0xffffL | 1L << (0x66 - 0x40) | 1L << (0x67 - 0x40), 0, 3L << (0xf2 - 0xc0)
          });

  /** INS and OUTS. */
  private static final int FIRST_STRING = 0x6c;

  private static final int LAST_STRING = 0x6f;
  private static final int ADDRESS_SIZE = 0x67;
  private static final int REX_W = 0x48;
  private static final int IRET = 0xcf;
  private static final int REPNE = 0xf2;
  private static final int REP = 0xf3;
  private static final int PRIVILEGE_MASK = 3;
  private static final int LONGEST_INSTRUCTION = 15;

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

  /** The byte that is {@code offset} behind the vCPU's instruction pointer, or {@link #NONE}. */
  int byteAt(Vcpu vcpu, int offset) {
    return byteAt(vcpu.registers().rip() + offset, vcpu.specialRegisters());
  }

  /**
   * Whether the vCPU's next instruction is one that leaves the guest by itself. A repeated one with
   * no repetition left does not: where KVM makes an exit of each, this is where the guest stands
   * behind the last.
   */
  boolean isExitNext(Vcpu vcpu) {
    int offset = 0;
    boolean isShort = false;
    int opcode = byteAt(vcpu, offset);
    while (PREFIXES.get(Math.max(0, opcode)) && offset < LONGEST_INSTRUCTION) {
      isShort |= opcode == ADDRESS_SIZE;
      offset++;
      opcode = byteAt(vcpu, offset);
    }
    if (opcode >= FIRST_STRING && opcode <= LAST_STRING && isRepeatedNext(vcpu)) {
      long count = vcpu.registers().rcx();
      return (isShort ? count & 0xffff_ffffL : count) != 0;
    }
    return EXITING_OPCODES.get(Math.max(0, opcode));
  }

  /**
   * Whether the guest, as of the vCPU's last exit, is in its kernel where it can take an interrupt:
   * programs are neither emulated nor stepped exactly on every host, and how long the shadow of STI
   * lasts is not the same when it is stepped.
   */
  boolean isKernelOpenToInterrupts(Vcpu vcpu) {
    return vcpu.readyForInterrupt()
        && (vcpu.specialRegisters().cs().selector() & PRIVILEGE_MASK) == 0
        && byteAt(vcpu, -1) != STI;
  }

  /** Whether the vCPU's next instruction is IRETQ. */
  boolean isInterruptReturnNext(Vcpu vcpu) {
    return byteAt(vcpu, 0) == REX_W && byteAt(vcpu, 1) == IRET;
  }

  /** Where IRETQ would lead the vCPU. */
  long returnAddress(Vcpu vcpu) {
    long stack = vcpu.registers().rsp();
    long address = 0;
    for (int index = Long.BYTES - 1; index >= 0; index--) {
      address = address << Byte.SIZE | (byteAt(stack + index, vcpu.specialRegisters()) & 0xff);
    }
    return address;
  }

  /** Whether the vCPU's next instruction is, or may be, in the middle of its repetitions. */
  boolean isRepeatedNext(Vcpu vcpu) {
    for (int offset = 0; offset < LONGEST_INSTRUCTION; offset++) {
      int prefix = byteAt(vcpu, offset);
      if (prefix == REPNE || prefix == REP) {
        return true;
      }
      if (!PREFIXES.get(Math.max(0, prefix))) {
        return false;
      }
    }
    return false;
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
