package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EpochTimesTest {
  @Test
  void behindIsTheTimeSinceALaterEpochWasSeen() {
    EpochTimes times = new EpochTimes();
    times.reached(10, 1_000);
    times.reached(12, 1_500);
    times.reached(12, 9_000);

    assertThat(times.newest()).isEqualTo(12);
    assertThat(times.behind(12, 2_000)).isZero();
    assertThat(times.behind(11, 2_000)).isEqualTo(500);
    assertThat(times.behind(10, 2_000)).isEqualTo(500);
    assertThat(times.behind(9, 2_000)).isEqualTo(1_000);
    assertThat(times.behind(8, 2_000)).isEqualTo(EpochTimes.UNKNOWN);
  }

  @Test
  void answersStayTrueAndMemoryBounded_whenItRunsFull() {
    EpochTimes times = new EpochTimes();
    for (long epoch = 0; epoch < 100_000; epoch++) {
      times.reached(epoch, 10 * epoch);
    }

    for (long epoch = 0; epoch < 99_999; epoch += 77) {
      long exact = 1_000_000 - 10 * (epoch + 1);
      assertThat(times.behind(epoch, 1_000_000))
          .as("epoch %d", epoch)
          .isBetween(Math.min(exact, 20_000), exact);
    }
    assertThat(times.behind(99_999, 1_000_000)).isZero();
  }
}
