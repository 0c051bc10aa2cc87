package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.Samples;
import java.util.List;

/**
 * How long clients waited, over all VMs.
 *
 * @param p50Millis half of the requests were answered within
 * @param p99Millis 99 of 100 were
 * @param requests how many were due in the time of the measurement; all have been answered
 * @param answeredPerSecond answers that came in that time
 */
record Latencies(double p50Millis, double p99Millis, int requests, double answeredPerSecond) {
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
    return new Latencies(
        millis.quantile(0.5),
        millis.quantile(0.99),
        millis.count(),
        answered * NANOS_PER_SECOND / (endNanos - beginNanos));
  }

  private static boolean isWithin(long nanos, long begin, long end) {
    return nanos - begin >= 0 && nanos - end < 0;
  }
}
