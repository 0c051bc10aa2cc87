package io.understudy.kvm;

/**
 * The general registers of a vCPU: a live, read-only view over the area the kernel fills at each
 * exit ({@code kvm_run.s.regs.regs}). Owned by the vCPU's thread; the values change with the next
 * {@link Vcpu#run()} or {@link Vcpu#complete()}, so take {@link #values()} to keep them.
 */
public final class Registers {
  /**
   * How many registers {@link #get} knows, in the order of {@code struct kvm_regs} of asm/kvm.h.
   */
  public static final int COUNT = Layout.Regs.COUNT;

  public static final int RAX = 0;
  public static final int RBX = 1;
  public static final int RCX = 2;
  public static final int RDX = 3;
  public static final int RSI = 4;
  public static final int RDI = 5;
  public static final int RSP = 6;
  public static final int RBP = 7;
  public static final int R8 = 8;
  public static final int R9 = 9;
  public static final int R10 = 10;
  public static final int R11 = 11;
  public static final int R12 = 12;
  public static final int R13 = 13;
  public static final int R14 = 14;
  public static final int R15 = 15;
  public static final int RIP = 16;
  public static final int RFLAGS = 17;

  private final RunArea area;

  Registers(RunArea area) {
    this.area = area;
  }

  /**
   * Reads one register.
   *
   * @param index one of the constants of this class, 0..17
   */
  public long get(int index) {
    if (index < 0 || index >= COUNT) {
      throw new IndexOutOfBoundsException("register index out of bounds: index=" + index);
    }
    return area.bytes().getLong(Layout.Run.SYNC_REGS + index * Long.BYTES);
  }

  public long rax() {
    return get(RAX);
  }

  public long rbx() {
    return get(RBX);
  }

  public long rcx() {
    return get(RCX);
  }

  public long rdx() {
    return get(RDX);
  }

  public long rsi() {
    return get(RSI);
  }

  public long rdi() {
    return get(RDI);
  }

  public long rsp() {
    return get(RSP);
  }

  public long rbp() {
    return get(RBP);
  }

  public long r8() {
    return get(R8);
  }

  public long r9() {
    return get(R9);
  }

  public long r10() {
    return get(R10);
  }

  public long r11() {
    return get(R11);
  }

  public long r12() {
    return get(R12);
  }

  public long r13() {
    return get(R13);
  }

  public long r14() {
    return get(R14);
  }

  public long r15() {
    return get(R15);
  }

  public long rip() {
    return get(RIP);
  }

  public long rflags() {
    return get(RFLAGS);
  }

  /** A copy that stays as it is. */
  public RegisterValues values() {
    long[] copy = new long[COUNT];
    for (int i = 0; i < COUNT; i++) {
      copy[i] = get(i);
    }
    return new RegisterValues(copy);
  }
}
