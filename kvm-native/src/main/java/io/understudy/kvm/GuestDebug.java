package io.understudy.kvm;

import java.util.Arrays;
import java.util.List;

/**
 * What {@link Vcpu#setGuestDebug} arms ({@code struct kvm_guest_debug}). Immutable. Hosts differ:
 * on some, breakpoints are accepted and never hit, and stepping is exact at privilege level 0 only;
 * ask {@link HostProbe}.
 *
 * @param isSingleStep stop after every instruction
 * @param breakpoints linear addresses of at most four execution breakpoints
 */
public record GuestDebug(boolean isSingleStep, List<Long> breakpoints) {
  private static final int BREAKPOINTS_MAX = 4;

  /** Copies and checks the number of breakpoints. */
  public GuestDebug {
    breakpoints = List.copyOf(breakpoints);
    if (breakpoints.size() > BREAKPOINTS_MAX) {
      throw new IllegalArgumentException(
          "too many breakpoints: count=" + breakpoints.size() + " maximum=" + BREAKPOINTS_MAX);
    }
  }

  /** Nothing armed. */
  public static GuestDebug none() {
    return new GuestDebug(false, List.of());
  }

  /** A {@link VcpuExit.Debug} after every instruction. */
  public static GuestDebug singleStep() {
    return new GuestDebug(true, List.of());
  }

  /** A {@link VcpuExit.Debug} before the instruction at each linear address is executed. */
  public static GuestDebug hardwareBreakpoints(long... addresses) {
    return new GuestDebug(false, Arrays.stream(addresses).boxed().toList());
  }
}
