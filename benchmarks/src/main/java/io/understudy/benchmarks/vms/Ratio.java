package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.Samples;
import java.util.Optional;
import java.util.function.Function;

/** What of the protected guests is divided by the same of others. The order is that of reports. */
enum Ratio {
  /** The node that leads, to the bare guests: processes that run the guests, both. */
  LEADER_CPU_TO_BARE("leaderCpuToBare", "leader / bare guests, processor", Mode.BARE),
  /** The node that leads, to itself without a standby: what being followed costs it. */
  LEADER_CPU_TO_RECORDED(
      "leaderCpuToRecorded", "leader / the same without standby, processor", Mode.RECORDED),
  /** All processes, broker and standby included, to the bare guests. */
  ALL_CPU_TO_BARE("allCpuToBare", "all / bare guests, processor", Mode.BARE),
  /** What clients wait, to that of bare guests. */
  LATENCY_TO_BARE("latencyToBare", "p50 / p50 of bare guests", Mode.BARE),
  /** What clients wait, to that without a standby. */
  LATENCY_TO_RECORDED("latencyToRecorded", "p50 / p50 without standby", Mode.RECORDED);

  private final String key;
  private final String text;
  private final Mode base;

  Ratio(String key, String text, Mode base) {
    this.key = key;
    this.text = text;
    this.base = base;
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

  private double figure(Phase phase) {
    return switch (this) {
      case LEADER_CPU_TO_BARE, LEADER_CPU_TO_RECORDED -> phase.guestSideCpuPercent();
      case ALL_CPU_TO_BARE -> phase.cpuPercent();
      case LATENCY_TO_BARE, LATENCY_TO_RECORDED -> phase.latencies().orElseThrow().p50Millis();
    };
  }

  /** Its samples from one of the phases of each repetition; empty if nothing could be divided. */
  Optional<Samples> of(Row row, Function<Trial, Phase> phase) {
    return row.ratio(Mode.PROTECTED, base, phase, this::figure);
  }
}
