package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.log.ChainState;
import io.understudy.machine.StateDigest;
import io.understudy.replay.OfflineReplay;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.schemas.VmId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class ReplaySeriesTest {
  private static OfflineReplay.Report report(long position) {
    return report(null, 0, position);
  }

  private static OfflineReplay.Report report(UUID snapshot, long firstEpoch, long position) {
    return new OfflineReplay.Report(
        new UUID(1, 2),
        snapshot,
        firstEpoch,
        7,
        30,
        firstEpoch + 6,
        1,
        position,
        5_000_000,
        firstEpoch * 2,
        firstEpoch * 2 + 3,
        ChainState.genesis(),
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
  void saysWhereItBegan_whenThatWasASnapshot() {
    UUID snapshot = new UUID(3, 4);
    series.add(report(snapshot, 50, 9), "ab", 1);

    ObjectNode json = series.json();

    assertThat(json.get("snapshot").asText()).isEqualTo(snapshot.toString());
    assertThat(json.get("firstEpoch").asLong()).isEqualTo(50);
    assertThat(json.get("outputFrom").asLong()).isEqualTo(100);
    assertThat(json.get("hash").asText()).hasSize(64);
    assertThat(series.text())
        .contains("firstEpoch=50 lastEpoch=56", "with snapshot " + snapshot)
        .contains("console:  from=100 sha256=ab", "chain:    hash=" + json.get("hash").asText());
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
