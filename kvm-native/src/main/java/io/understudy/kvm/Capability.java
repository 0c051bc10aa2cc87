package io.understudy.kvm;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * KVM capabilities (linux/kvm.h) this module asks about, and the value below which one is missing.
 */
enum Capability {
  USER_MEMORY(3, 1, true),
  SET_TSS_ADDR(4, 1, true),
  EXT_CPUID(7, 1, true),
  MP_STATE(14, 1, true),
  SET_GUEST_DEBUG(23, 1, true),
  SET_IDENTITY_MAP_ADDR(37, 1, true),
  VCPU_EVENTS(41, 1, true),
  DEBUGREGS(50, 1, true),
  XSAVE(55, 1, true),
  /** A mask: general registers 1, special registers 2, events 4. */
  SYNC_REGS(74, 7, true),
  IMMEDIATE_EXIT(136, 1, true),
  X86_USER_SPACE_MSR(188, 1, false),
  X86_MSR_FILTER(189, 1, false),
  BINARY_STATS_FD(203, 1, false),
  EXIT_ON_EMULATION_FAILURE(204, 1, false),
  PMU_CAPABILITY(212, 1, false);

  private final int number;
  private final int wanted;
  private final boolean required;

  Capability(int number, int wanted, boolean required) {
    this.number = number;
    this.wanted = wanted;
    this.required = required;
  }

  int number() {
    return number;
  }

  boolean isRequired() {
    return required;
  }

  /** Mask capabilities must have every wanted bit; the others count as one-bit masks or more. */
  boolean isMissing(int value) {
    return wanted == 1 ? value < 1 : (value & wanted) != wanted;
  }

  /** Describes each required capability that {@code extension} does not report. */
  static List<String> missing(IntUnaryOperator extension) {
    return Arrays.stream(values())
        .filter(Capability::isRequired)
        .filter(c -> c.isMissing(extension.applyAsInt(c.number)))
        .map(
            c ->
                "KVM_CAP_"
                    + c.name()
                    + "("
                    + c.number
                    + ")="
                    + extension.applyAsInt(c.number)
                    + " wanted="
                    + c.wanted)
        .toList();
  }
}
