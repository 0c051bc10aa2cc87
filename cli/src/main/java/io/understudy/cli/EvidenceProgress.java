package io.understudy.cli;

import java.io.PrintWriter;

/** Says once a second how far reading a history is. Owned by the main thread. */
final class EvidenceProgress {
  private static final long INTERVAL_NANOS = 1_000_000_000L;

  private final PrintWriter err;
  private final String what;
  private long toldNanos = System.nanoTime();

  /**
   * Nothing is said before a second has passed.
   *
   * @param what what is read, as {@code name=value}
   */
  EvidenceProgress(PrintWriter err, String what) {
    this.err = err;
    this.what = what;
  }

  /** An epoch was done with. */
  void at(String step, long epoch) {
    long nowNanos = System.nanoTime();
    if (nowNanos - toldNanos >= INTERVAL_NANOS) {
      toldNanos = nowNanos;
      err.println(step + ": " + what + " epoch=" + epoch);
      err.flush();
    }
  }
}
