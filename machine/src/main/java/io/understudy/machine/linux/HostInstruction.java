package io.understudy.machine.linux;

/** Instructions whose result depends on the host and not on the guest's state alone. */
public enum HostInstruction {
  /** Any other instruction. */
  NONE,
  /** Time stamp counter; replaced. */
  RDTSC,
  /** Time stamp counter and IA32_TSC_AUX; replaced. */
  RDTSCP,
  /** Performance counter; faults unless the guest's kernel allowed and the host has it. */
  RDPMC,
  /** Random number; the CPU model hides it. */
  RDRAND,
  /** Random seed; the CPU model hides it. */
  RDSEED,
  /** IA32_TSC_AUX; part of the saved state, so the same everywhere. */
  RDPID,
  /** AMD's read of APERF and MPERF; the CPU model hides it. */
  RDPRU,
  /** XCR0; the CPU model hides XSAVE. */
  XGETBV,
  /** Wait with a deadline of the time stamp counter; the CPU model hides it. */
  TPAUSE,
  /** Wait with a deadline of the time stamp counter; the CPU model hides it. */
  UMWAIT
}
