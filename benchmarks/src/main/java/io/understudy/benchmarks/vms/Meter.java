package io.understudy.benchmarks.vms;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What a deployment takes, from the making of this to {@link #end}. Owned by one thread. */
final class Meter {
  private static final double NANOS_PER_SECOND = 1e9;

  private final Deployment deployment;
  private final int vms;
  private final long logBeginNanos;
  private final OptionalLong logBegin;
  private final Reading begin;

  /** Begins. */
  Meter(Deployment deployment, int vms) throws IOException {
    this.deployment = deployment;
    this.vms = vms;
    // The log's size first, and at the end last: to answer takes time of the broker.
    this.logBeginNanos = System.nanoTime();
    this.logBegin = deployment.logBytes();
    this.begin = Reading.take(deployment.processes());
  }

  /**
   * What was read.
   *
   * @param beginNanos when, {@link System#nanoTime}
   * @param endNanos until when
   * @param costs of each part
   * @param othersPercent see {@link Phase}
   * @param logBytesPerVmSecond see {@link Phase}
   */
  record Measured(
      long beginNanos,
      long endNanos,
      Map<Part, Cost> costs,
      double othersPercent,
      OptionalDouble logBytesPerVmSecond) {
    /** For a time without requests. */
    Phase idle() {
      return new Phase(costs, othersPercent, logBytesPerVmSecond, Optional.empty());
    }

    /** For a time with requests, of which {@code answers} may hold earlier and later ones. */
    Phase load(List<Answer> answers) {
      return new Phase(
          costs,
          othersPercent,
          logBytesPerVmSecond,
          Optional.of(Latencies.of(answers, beginNanos, endNanos)));
    }
  }

  /** Ends. */
  Measured end() throws IOException {
    Reading end = Reading.take(deployment.processes());
    long logEndNanos = System.nanoTime();
    OptionalLong logEnd = deployment.logBytes();
    OptionalDouble growth = OptionalDouble.empty();
    if (logEnd.isPresent()) {
      double seconds = (logEndNanos - logBeginNanos) / NANOS_PER_SECOND;
      growth = OptionalDouble.of((logEnd.getAsLong() - logBegin.getAsLong()) / seconds / vms);
    }
    return new Measured(
        begin.nanos(), end.nanos(), end.since(begin), end.othersPercent(begin), growth);
  }
}
