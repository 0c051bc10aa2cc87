package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PaceTest {
  private final Pace pace = new Pace();

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 250, 475, 950, 999, 1_000})
  void guestStandsStillForThePartOfTheTimeThatWasSet(int permille) {
    pace.hold(permille);

    int held = 0;
    int looks = 10_000;
    for (int look = 0; look < looks; look++) {
      // From below zero on: the host's clock may show anything.
      long now = (look - looks / 2) * (Pace.PERIOD_NANOS / 100);
      held += pace.holds(now) ? 1 : 0;
    }

    assertThat(held).isBetween(looks / 1_000 * (permille - 10), looks / 1_000 * (permille + 10));
  }

  @Test
  void guestIsAlwaysFreeOrNeverIs_atTheEnds() {
    for (long now = -Pace.PERIOD_NANOS; now < Pace.PERIOD_NANOS; now += 12_345) {
      pace.hold(0);
      assertThat(pace.holds(now)).isFalse();
      pace.hold(Pace.ALWAYS);
      assertThat(pace.holds(now)).isTrue();
    }
  }

  @Test
  void restEndsAtOnce_whenTheThreadIsInterrupted() {
    pace.hold(Pace.ALWAYS);
    Thread.currentThread().interrupt();
    try {
      assertThat(pace.rests(0)).isFalse();
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void holdRefuses_whenOutOfRange() {
    assertThatThrownBy(() -> pace.hold(1_001)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pace.hold(-1)).isInstanceOf(IllegalArgumentException.class);
  }
}
