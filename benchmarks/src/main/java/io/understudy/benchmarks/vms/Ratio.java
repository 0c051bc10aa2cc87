package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.Samples;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** What is divided by what. The order is that of reports. */
enum Ratio {
  /** The node that leads and is protected, to the bare guests: both run the guests. */
  LEADER_CPU_TO_BARE(
      "leaderCpuToBare", "leader / bare guests, processor", Mode.BARE, Phase::guestSideCpuPercent),
  /** The same node to itself without a standby: what being followed costs it. */
  LEADER_CPU_TO_RECORDED(
      "leaderCpuToRecorded",
      "leader / leader without standby, processor",
      Mode.RECORDED,
      Phase::guestSideCpuPercent),
  /** Everything that protection takes, broker and standby included, to the bare guests. */
  ALL_CPU_TO_BARE("allCpuToBare", "all / bare guests, processor", Mode.BARE, Phase::cpuPercent),
  /** What clients wait, protected to bare. */
  LATENCY_TO_BARE("latencyToBare", "p50 / p50 of bare guests", Mode.BARE, Ratio::p50),
  /** What clients wait, protected to recorded. */
  LATENCY_TO_RECORDED("latencyToRecorded", "p50 / p50 without standby", Mode.RECORDED, Ratio::p50);

  private final String key;
  private final String text;
  private final Mode base;
  private final ToDoubleFunction<Phase> figure;

  Ratio(String key, String text, Mode base, ToDoubleFunction<Phase> figure) {
    this.key = key;
    this.text = text;
    this.base = base;
    this.figure = figure;
  }

  private static double p50(Phase phase) {
    return phase.latencies().orElseThrow().p50Millis();
  }

  /** Name in JSON. */
  String key() {
    return key;
  }

  /** Name for people. */
  String text() {
    return text;
  }

  /** Whether it is there only under load. */
  boolean needsLoad() {
    return this == LATENCY_TO_BARE || this == LATENCY_TO_RECORDED;
  }

  /** The protected mode's figure to that of the base, in one of the phases of each repetition. */
  Optional<Samples> of(Row row, Function<Trial, Phase> phase) {
    return row.ratio(Mode.PROTECTED, base, trial -> figure.applyAsDouble(phase.apply(trial)));
  }
}
