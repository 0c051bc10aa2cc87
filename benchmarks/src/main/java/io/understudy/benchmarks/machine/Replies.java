package io.understudy.benchmarks.machine;

import java.util.Arrays;

/**
 * Watches the guest's output: keeps it, and notes when the measured part began and ended.
 *
 * <p>Owned by the thread that runs the machine, but {@link #arrived} may belong to another one, if
 * that has ended before {@link #elapsedNanos} is asked for.
 */
final class Replies {
  private final Workload workload;
  private final byte[] received;
  private int size;
  private long beganNanos;
  private long endedNanos;

  Replies(Workload workload) {
    this.workload = workload;
    this.received = new byte[(int) workload.measuredTo()];
  }

  /** The guest transmitted a byte. */
  void transmitted(byte value) {
    if (size == received.length) {
      throw new IllegalStateException("the guest says more than was asked for: offset=" + size);
    }
    received[size++] = value;
  }

  /** Output up to here counts as arrived; may be called at any moment, with growing offsets. */
  void arrived(long offset) {
    if (beganNanos == 0 && offset >= workload.measuredFrom()) {
      beganNanos = System.nanoTime();
    }
    if (endedNanos == 0 && offset >= workload.measuredTo()) {
      endedNanos = System.nanoTime();
    }
  }

  /** Bytes transmitted so far. */
  int size() {
    return size;
  }

  /** When the measured part began, by {@link System#nanoTime}. */
  long beganNanos() {
    return beganNanos;
  }

  /**
   * Nanoseconds from the warm-up's last reply to the last one.
   *
   * @throws IllegalStateException if the guest did not say exactly what it must
   */
  long elapsedNanos() {
    int mismatch = Arrays.mismatch(received, workload.replies());
    if (mismatch >= 0 || endedNanos == 0) {
      throw new IllegalStateException(
          "the guest did not answer as it must: outputBytes="
              + size
              + " expectedBytes="
              + received.length
              + " firstDifference="
              + mismatch);
    }
    return endedNanos - beganNanos;
  }
}
