package io.understudy.kvm;

import java.util.Arrays;

/**
 * Values for all general registers. Immutable; made by {@link #builder()}, which starts with zeros
 * and the one bit of RFLAGS that is always set, or from a {@link Registers} view.
 */
public final class RegisterValues {
  private static final long RFLAGS_FIXED = 2;
  private static final String[] NAMES = {
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip", "rflags"
  };

  private final long[] values;

  /** Takes ownership of the array. */
  RegisterValues(long[] values) {
    this.values = values;
  }

  /** All zero, RFLAGS 2. */
  public static Builder builder() {
    long[] initial = new long[Registers.COUNT];
    initial[Registers.RFLAGS] = RFLAGS_FIXED;
    return new Builder(initial);
  }

  /** A builder that starts with these values. */
  public Builder toBuilder() {
    return new Builder(values.clone());
  }

  /**
   * Reads one value.
   *
   * @param index one of the constants of {@link Registers}
   */
  public long get(int index) {
    return values[index];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RegisterValues that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      text.append(i == 0 ? "" : " ").append(NAMES[i]).append("=0x");
      text.append(Long.toHexString(values[i]));
    }
    return text.toString();
  }

  /** Collects values; not thread-safe. */
  public static final class Builder {
    private final long[] values;

    private Builder(long[] values) {
      this.values = values;
    }

    /**
     * Changes one value.
     *
     * @param index one of the constants of {@link Registers}
     */
    public Builder set(int index, long value) {
      values[index] = value;
      return this;
    }

    public Builder rax(long value) {
      return set(Registers.RAX, value);
    }

    public Builder rbx(long value) {
      return set(Registers.RBX, value);
    }

    public Builder rcx(long value) {
      return set(Registers.RCX, value);
    }

    public Builder rdx(long value) {
      return set(Registers.RDX, value);
    }

    public Builder rsi(long value) {
      return set(Registers.RSI, value);
    }

    public Builder rdi(long value) {
      return set(Registers.RDI, value);
    }

    public Builder rsp(long value) {
      return set(Registers.RSP, value);
    }

    public Builder rbp(long value) {
      return set(Registers.RBP, value);
    }

    public Builder r8(long value) {
      return set(Registers.R8, value);
    }

    public Builder r9(long value) {
      return set(Registers.R9, value);
    }

    public Builder r10(long value) {
      return set(Registers.R10, value);
    }

    public Builder r11(long value) {
      return set(Registers.R11, value);
    }

    public Builder r12(long value) {
      return set(Registers.R12, value);
    }

    public Builder r13(long value) {
      return set(Registers.R13, value);
    }

    public Builder r14(long value) {
      return set(Registers.R14, value);
    }

    public Builder r15(long value) {
      return set(Registers.R15, value);
    }

    public Builder rip(long value) {
      return set(Registers.RIP, value);
    }

    public Builder rflags(long value) {
      return set(Registers.RFLAGS, value);
    }

    public RegisterValues build() {
      return new RegisterValues(values.clone());
    }
  }
}
