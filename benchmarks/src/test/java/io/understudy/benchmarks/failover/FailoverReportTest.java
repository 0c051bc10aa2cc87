package io.understudy.benchmarks.failover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailoverReportTest {
  private static JsonNode demo(String verdict, int detection, int total) throws Exception {
    return new ObjectMapper()
        .readTree(
            "{\"failoverMillis\":{\"detection\":"
                + detection
                + ",\"total\":"
                + total
                + "},\"pauseMillis\":"
                + (total + 5)
                + ",\"verdict\":\""
                + verdict
                + "\"}");
  }

  @Test
  void takesMediansPhaseByPhase() throws Exception {
    FailoverReport report =
        FailoverReport.of(
            List.of(demo("PASS", 150, 400), demo("PASS", 200, 300), demo("PASS", 100, 900)));
    JsonNode json = report.json();
    assertThat(json.at("/phaseMillis/detection/median").asInt()).isEqualTo(150);
    assertThat(json.at("/phaseMillis/total/median").asInt()).isEqualTo(400);
    assertThat(json.at("/pauseMillis/max").asInt()).isEqualTo(905);
    assertThat(json.path("rounds").asInt()).isEqualTo(3);
    assertThat(report.table()).contains("detection", "total", "3 failovers");
  }

  @Test
  void refusesDemoThatDidNotPass() throws Exception {
    List<JsonNode> demos = List.of(demo("PASS", 1, 2), demo("FAIL", 1, 2));
    assertThatThrownBy(() -> FailoverReport.of(demos)).isInstanceOf(IllegalStateException.class);
  }
}
