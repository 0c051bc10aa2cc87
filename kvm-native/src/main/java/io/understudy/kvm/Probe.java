package io.understudy.kvm;

import java.time.Duration;

/**
 * One mechanism to try.
 *
 * @param mechanism short name
 * @param isRequired whether Understudy needs it
 * @param attempt tries it in virtual machines of its own
 */
record Probe(String mechanism, boolean isRequired, Attempt attempt) {
  /** How long a probe guest may take to its next exit. */
  static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** Tries a mechanism; exceptions of this module mean that it does not work. */
  interface Attempt {
    Finding run(Kvm kvm);
  }

  /** What an attempt found out. */
  record Finding(Verdict verdict, String evidence) {
    static Finding works(String evidence) {
      return new Finding(Verdict.WORKS, evidence);
    }

    static Finding limited(String evidence) {
      return new Finding(Verdict.WORKS_WITH_LIMITS, evidence);
    }

    static Finding broken(String evidence) {
      return new Finding(Verdict.DOES_NOT_WORK, evidence);
    }

    static Finding absent(String evidence) {
      return new Finding(Verdict.ABSENT, evidence);
    }
  }

  ProbeResult run(Kvm kvm) {
    try {
      Finding finding = attempt.run(kvm);
      return new ProbeResult(mechanism, finding.verdict, finding.evidence, isRequired);
    } catch (KvmException
        | GuestTimeoutException
        | ProbeFailedException
        | IllegalStateException
        | IllegalArgumentException e) {
      return new ProbeResult(mechanism, Verdict.DOES_NOT_WORK, e.getMessage(), isRequired);
    }
  }

  /** The exit as the kind expected. */
  static <T extends VcpuExit> T expect(Class<T> kind, VcpuExit exit) {
    if (!kind.isInstance(exit)) {
      throw new ProbeFailedException("exit expected=" + kind.getSimpleName() + " actual=" + exit);
    }
    return kind.cast(exit);
  }

  static void check(boolean isAsExpected, String what) {
    if (!isAsExpected) {
      throw new ProbeFailedException(what);
    }
  }

  static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
