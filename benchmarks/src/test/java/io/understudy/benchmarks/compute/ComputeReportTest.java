package io.understudy.benchmarks.compute;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComputeReportTest {
  private static Round equal(int preemptions, int transfers, List<Integer> bytes, double plain) {
    return new Round(
        1, null, new ForcedPoints(preemptions, transfers, bytes), 400, 2_500, plain, 100, 10, 5);
  }

  private static Round mismatch() {
    return new Round(
        2, "digest", new ForcedPoints(1, 0, List.of(70)), Double.NaN, 9_000, 100, 100, 10, 0);
  }

  private static Round uncounted() {
    return new Round(
        3, null, new ForcedPoints(0, 0, List.of()), 1, 1, Double.NaN, Double.NaN, 1, 1);
  }

  @Test
  void addsUpPlacesAndTakesMedians() {
    ComputeReport report =
        new ComputeReport(
            "exit+instructions+transfer",
            7,
            List.of(
                equal(3, 0, List.of(60, 62, 64), 110),
                equal(2, 1, List.of(61, 63, 900), 130),
                equal(1, 0, List.of(65), 400)));
    JsonNode json = report.json();
    assertThat(json.path("benchmark").asText()).isEqualTo("compute");
    assertThat(json.path("clock").asText()).isEqualTo("exit+instructions+transfer");
    assertThat(json.path("seed").asLong()).isEqualTo(7);
    assertThat(json.path("runs").asInt()).isEqualTo(3);
    assertThat(json.path("mismatches").asInt()).isZero();
    assertThat(json.path("preemptions").asInt()).isEqualTo(6);
    assertThat(json.path("transfers").asInt()).isEqualTo(1);
    assertThat(json.path("forcedPoints").asInt()).isEqualTo(7);
    assertThat(json.path("recordOverPlain").asDouble()).isEqualTo(1.3);
    assertThat(json.path("replayOverRecord").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/bytesPerForcedPoint/median").asDouble()).isEqualTo(63);
    assertThat(json.at("/bytesPerForcedPoint/p99").asDouble()).isEqualTo(900);
    assertThat(json.path("bytesPerSecond").asDouble()).isEqualTo(400);
    assertThat(json.path("worstInterruptDelayMillis").asDouble()).isEqualTo(2.5);
    assertThat(json.at("/host/processors").asInt()).isPositive();
    assertThat(report.table()).contains("6 counted, 1 with the guest's state", "3 runs");
  }

  @Test
  void countsMismatches_andTakesNoTimesFromThem() {
    ComputeReport report =
        new ComputeReport("exit+transfer", 1, List.of(equal(1, 1, List.of(60), 150), mismatch()));
    assertThat(report.mismatches()).isEqualTo(1);
    JsonNode json = report.json();
    assertThat(json.path("runs").asInt()).isEqualTo(2);
    assertThat(json.path("replayOverRecord").asDouble()).isEqualTo(0.5);
    assertThat(json.path("bytesPerSecond").asDouble()).isEqualTo(400);
    assertThat(json.path("worstInterruptDelayMillis").asDouble()).isEqualTo(9);
  }

  @Test
  void saysNothing_whereNothingWasCounted() {
    ComputeReport report = new ComputeReport("exit+transfer", 1, List.of(uncounted()));
    JsonNode json = report.json();
    assertThat(json.get("recordOverPlain").isNull()).isTrue();
    assertThat(json.at("/bytesPerForcedPoint/median").isNull()).isTrue();
    assertThat(json.path("forcedPoints").asInt()).isZero();
    assertThat(report.table()).contains("not measured");
  }
}
