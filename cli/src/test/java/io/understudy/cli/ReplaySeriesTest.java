package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.machine.StateDigest;
import io.understudy.replay.OfflineReplay;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.schemas.VmId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class ReplaySeriesTest {
  private static OfflineReplay.Report report(long position) {
    return new OfflineReplay.Report(
        new UUID(1, 2),
        null,
        0,
        7,
        30,
        6,
        1,
        position,
        5_000_000,
        3,
        new StateDigest(1, 2, 3),
        null);
  }

  private final ReplaySeries series = new ReplaySeries(new VmId("a"), 3);

  @Test
  void tellsOfEachReplay_whenAllAreTheSame() {
    series.add(report(9), "ab", 1500);
    series.add(report(9), "ab", 700);

    ObjectNode json = series.json();

    assertThat(json.get("replays").asInt()).isEqualTo(2);
    assertThat(json.get("consoleSha256").asText()).isEqualTo("ab");
    assertThat(json.get("elapsedMillis").asLong()).isEqualTo(2200);
    assertThat(json.get("replayMillis").toString()).isEqualTo("[1500,700]");
    assertThat(json.get("position").asLong()).isEqualTo(9);
    assertThat(series.text()).contains("sha256=ab", "all 2 replays are the same (1.5, 0.7 s)");
  }

  @Test
  void saysNothingOfASeries_whenThereWasOneReplay() {
    series.add(report(9), "ab", 1500);

    assertThat(series.text()).contains("epochs=7").doesNotContain("replays");
  }

  @Test
  void refusesAnotherConsole() {
    series.add(report(9), "ab", 1);

    assertThatThrownBy(() -> series.add(report(9), "cd", 1))
        .isInstanceOf(ReplayDivergenceException.class)
        .hasMessageContaining("vm=a replay=2 of 3")
        .hasMessageContaining("console sha256 of the first=ab of this=cd")
        .matches(failure -> Failures.exitOf(failure) == ExitCode.DIVERGENCE);
  }

  @Test
  void refusesAnotherOutcome() {
    series.add(report(9), "ab", 1);

    assertThatThrownBy(() -> series.add(report(10), "ab", 1))
        .isInstanceOf(ReplayDivergenceException.class)
        .hasMessageContaining("position=10");
  }
}
