package io.understudy.benchmarks.machine;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Watches the guest's output: keeps it, and notes when the measured part began and ended.
 *
 * <p>Owned by the thread that runs the machine, but {@link #arrived} may belong to another one, if
 * that has ended before {@link #measured} is asked for.
 */
final class Replies {
  private static final OperatingSystemMXBean PROCESS =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private final Workload workload;
  private final byte[] received;
  private int size;
  private long beganNanos;
  private long endedNanos;
  private long beganCpuNanos;
  private long endedCpuNanos;

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
      beganCpuNanos = PROCESS.getProcessCpuTime();
      beganNanos = System.nanoTime();
    }
    if (endedNanos == 0 && offset >= workload.measuredTo()) {
      endedNanos = System.nanoTime();
      endedCpuNanos = PROCESS.getProcessCpuTime();
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
   * What was measured.
   *
   * @param exits of the whole run
   * @throws IllegalStateException if the guest did not say exactly what it must
   */
  Measured measured(long exits) {
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
    return new Measured(endedNanos - beganNanos, endedCpuNanos - beganCpuNanos, exits);
  }
}
