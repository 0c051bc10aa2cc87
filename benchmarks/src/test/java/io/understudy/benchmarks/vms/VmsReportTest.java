package io.understudy.benchmarks.vms;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class VmsReportTest {
  private static final Plan PLAN = new Plan(Duration.ZERO, Duration.ofSeconds(10), 20);

  private static Phase phase(Mode mode, double cpu, Optional<Latencies> latencies) {
    Map<Part, Cost> costs = new EnumMap<>(Part.class);
    mode.parts().forEach(part -> costs.put(part, new Cost(cpu, 100, 150)));
    OptionalDouble log = mode == Mode.BARE ? OptionalDouble.empty() : OptionalDouble.of(4000);
    return new Phase(costs, 3, log, latencies);
  }

  private static Trial trial(Mode mode, double cpu, double p50, double answered, int lagging) {
    Latencies latencies = new Latencies(p50, p50 * 10, 400, 40, answered);
    return new Trial(
        phase(mode, cpu, Optional.empty()), phase(mode, cpu * 2, Optional.of(latencies)), lagging);
  }

  private static Map<Mode, Trial> repetition(double bareCpu, double leaderCpu, double p50) {
    return Map.of(
        Mode.BARE, trial(Mode.BARE, bareCpu, 1, 40, 0),
        Mode.RECORDED, trial(Mode.RECORDED, leaderCpu, 2, 40, 0),
        Mode.PROTECTED, trial(Mode.PROTECTED, leaderCpu, p50, 40, 0));
  }

  private static VmsReport report(List<Map<Mode, Trial>> repetitions) {
    return new VmsReport(PLAN, repetitions.size(), List.of(new Row(2, repetitions)));
  }

  private final VmsReport report =
      report(List.of(repetition(5, 10, 4), repetition(10, 12, 8), repetition(4, 16, 3)));

  @Test
  void jsonHasMediansOfEachPart() {
    JsonNode count = report.json().at("/counts/0");
    assertThat(count.path("vms").asInt()).isEqualTo(2);
    JsonNode idle = count.at("/protected/idle");
    assertThat(idle.path("processes").fieldNames())
        .toIterable()
        .containsExactly("leader", "standby", "coordinator", "broker");
    assertThat(idle.at("/processes/standby/cpuPercent/median").asDouble()).isEqualTo(12);
    assertThat(idle.at("/processes/standby/rssMib/median").asDouble()).isEqualTo(100);
    assertThat(idle.at("/processes/standby/peakRssMib/max").asDouble()).isEqualTo(150);
    assertThat(idle.at("/cpuPercent/max").asDouble()).isEqualTo(64);
    assertThat(idle.at("/rssMib/median").asDouble()).isEqualTo(400);
    assertThat(idle.at("/othersCpuPercent/median").asDouble()).isEqualTo(3);
    assertThat(idle.at("/logBytesPerVmSecond/median").asDouble()).isEqualTo(4000);
    assertThat(idle.has("latencyMillis")).isFalse();
    JsonNode load = count.at("/bare/load");
    assertThat(load.at("/processes/guests/cpuPercent/median").asDouble()).isEqualTo(10);
    assertThat(load.path("logBytesPerVmSecond").isNull()).isTrue();
    assertThat(load.at("/latencyMillis/p99/median").asDouble()).isEqualTo(10);
    assertThat(load.at("/answeredPerSecond/median").asDouble()).isEqualTo(40);
    assertThat(load.at("/requests/min").asDouble()).isEqualTo(400);
  }

  @Test
  void ratiosAreTakenWithinEachRepetition() {
    JsonNode ratios = report.json().at("/counts/0/ratios");
    // 10/5, 12/10, 16/4; the ratio of the medians would be 12/5.
    assertThat(ratios.at("/idle/leaderCpuToBare/median").asDouble()).isEqualTo(2);
    assertThat(ratios.at("/idle/leaderCpuToBare/max").asDouble()).isEqualTo(4);
    assertThat(ratios.at("/load/allCpuToBare/median").asDouble()).isEqualTo(8);
    assertThat(ratios.at("/load/leaderCpuToRecorded/median").asDouble()).isEqualTo(1);
    assertThat(ratios.at("/load/latencyToBare/median").asDouble()).isEqualTo(4);
    assertThat(ratios.at("/load/latencyToRecorded/median").asDouble()).isEqualTo(2);
    assertThat(ratios.path("idle").has("latencyToBare")).isFalse();
  }

  @Test
  void ratioIsNull_whenNothingCouldBeCounted() {
    VmsReport tooShort = report(List.of(repetition(0, 1, 1)));
    assertThat(tooShort.json().at("/counts/0/ratios/idle/leaderCpuToBare").isNull()).isTrue();
    assertThat(tooShort.table()).contains("not measured").contains("one repetition");
  }

  @Test
  void tableHasRanges_andNoWarningsWithoutCause() {
    assertThat(report.table())
        .contains("medians of 3 repetitions")
        .contains("2 VMs of 16 MiB")
        .containsPattern("protected: standby +12\\.0 \\[10\\.0, 16\\.0] +24\\.0")
        .containsPattern("protected: p50, ms +4\\.00 \\[3\\.00, 8\\.00]")
        .doesNotContain("carried")
        .doesNotContain("close enough");
  }

  @Test
  void tableSaysWhenTheLoadWasTooMuch_orAStandbyBehind() {
    Map<Mode, Trial> trials = new EnumMap<>(repetition(5, 10, 4));
    trials.put(Mode.PROTECTED, trial(Mode.PROTECTED, 10, 400, 30, 1));
    VmsReport busy = report(List.of(trials));
    assertThat(busy.table())
        .contains("protected: not all of 40 requests/s were carried, but 30.0")
        .contains("protected: the standby of a VM was not close enough")
        .doesNotContain("recorded: not all");
    JsonNode count = busy.json().at("/counts/0");
    assertThat(count.at("/protected/lagging").asInt()).isEqualTo(1);
    assertThat(count.at("/protected/load/carried").asBoolean()).isFalse();
    assertThat(count.at("/bare/load/carried").asBoolean()).isTrue();
    // Processor time of less work is not compared with that of more.
    assertThat(count.at("/ratios/load/leaderCpuToBare").isNull()).isTrue();
    assertThat(count.at("/ratios/idle/leaderCpuToBare/median").asDouble()).isEqualTo(2);
  }
}
