package io.understudy.benchmarks.machine;

import io.understudy.benchmarks.Samples;
import java.util.ArrayList;
import java.util.List;

/** What a scenario's repetitions found in one mode. Owned by one thread. */
final class Mode {
  private static final double NANOS_PER_MILLI = 1e6;

  private final String name;
  private final List<Measured> runs = new ArrayList<>();

  /** Nothing yet. */
  Mode(String name) {
    this.name = name;
  }

  /** Name for reports. */
  String name() {
    return name;
  }

  void add(Measured run) {
    runs.add(run);
  }

  void forget() {
    runs.clear();
  }

  /** Wall time, milliseconds. */
  Samples wallMillis() {
    return new Samples(runs.stream().map(run -> run.wallNanos() / NANOS_PER_MILLI).toList());
  }

  /** Processor time, milliseconds. */
  Samples cpuMillis() {
    return new Samples(runs.stream().map(run -> run.cpuNanos() / NANOS_PER_MILLI).toList());
  }

  /** Deterministic exits. */
  Samples exits() {
    return new Samples(runs.stream().map(Measured::exits).toList());
  }

  /** Wall time over that of {@code base}, repetition by repetition. */
  Samples wallRatio(Mode base) {
    List<Double> ratios = new ArrayList<>();
    for (int index = 0; index < runs.size(); index++) {
      ratios.add((double) runs.get(index).wallNanos() / base.runs.get(index).wallNanos());
    }
    return new Samples(ratios);
  }

  /** Processor time over that of {@code base}, repetition by repetition. */
  Samples cpuRatio(Mode base) {
    List<Double> ratios = new ArrayList<>();
    for (int index = 0; index < runs.size(); index++) {
      ratios.add((double) runs.get(index).cpuNanos() / base.runs.get(index).cpuNanos());
    }
    return new Samples(ratios);
  }
}
