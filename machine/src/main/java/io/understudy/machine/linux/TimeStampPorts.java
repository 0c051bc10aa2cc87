package io.understudy.machine.linux;

/**
 * The ports a rewritten kernel writes to where it read the time stamp counter before.
 *
 * <p>The write says nothing (the value of AL is whatever the guest had there); it is the exit that
 * counts. The machine answers by setting the registers the instruction would have set. Both ports
 * are free on a PC: none of the ranges that Linux reserves for the board ({@code
 * standard_io_resources} in {@code arch/x86/kernel/setup.c}) has them, and they are not 0xed, which
 * some kernels write for a delay.
 */
public final class TimeStampPorts {
  /** In the place of RDTSC: the answer is EDX:EAX, with RDX and RAX zero-extended. */
  public static final int RDTSC = 0xe4;

  /** In the place of RDTSCP: as for RDTSC, and ECX is the content of IA32_TSC_AUX. */
  public static final int RDTSCP = 0xe5;

  private TimeStampPorts() {}
}
