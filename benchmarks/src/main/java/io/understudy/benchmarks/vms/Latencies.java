package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.Samples;
import java.util.List;

/**
 * How long clients waited, over all VMs.
 *
 * @param p50Millis half of the requests were answered within
 * @param p99Millis 99 of 100 were
 * @param requests how many were due in the time of the measurement; all have been answered
 * @param duePerSecond the same, each second
 * @param answeredPerSecond answers that came in that time, each second
 */
record Latencies(
    double p50Millis,
    double p99Millis,
    int requests,
    double duePerSecond,
    double answeredPerSecond) {
  /** With fewer answers than this part of the requests the load was more than was carried. */
  private static final double CARRIED = 0.95;

  private static final double NANOS_PER_MILLI = 1e6;
  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * Those of the requests that were due from {@code beginNanos} on and before {@code endNanos}.
   *
   * @throws IllegalArgumentException if there are none
   */
  static Latencies of(List<Answer> answers, long beginNanos, long endNanos) {
    Samples millis =
        new Samples(
            answers.stream()
                .filter(answer -> isWithin(answer.dueNanos(), beginNanos, endNanos))
                .map(answer -> answer.latencyNanos() / NANOS_PER_MILLI)
                .toList());
    long answered =
        answers.stream()
            .filter(answer -> isWithin(answer.answeredNanos(), beginNanos, endNanos))
            .count();
    double seconds = (endNanos - beginNanos) / NANOS_PER_SECOND;
    return new Latencies(
        millis.quantile(0.5),
        millis.quantile(0.99),
        millis.count(),
        millis.count() / seconds,
        answered / seconds);
  }

  /**
   * Whether answers kept up with requests. If not, latencies say how far the load ran ahead, and
   * processor time is that of less work than was asked for.
   */
  boolean isCarried() {
    return answeredPerSecond >= CARRIED * duePerSecond;
  }

  private static boolean isWithin(long nanos, long begin, long end) {
    return nanos - begin >= 0 && nanos - end < 0;
  }
}
