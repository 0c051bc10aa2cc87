package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class VirtualClockTest {

  private final VirtualClock clock = new VirtualClock();

  @Test
  void startsAtPowerOnAndStandsStillOrAdvances() {
    assertThat(clock.nanos()).isZero();

    clock.advanceTo(7);
    clock.advanceTo(7);

    assertThat(clock.nanos()).isEqualTo(7);
  }

  @Test
  void refusesToGoBack_andKeepsItsTime() {
    clock.advanceTo(7);

    assertThatThrownBy(() -> clock.advanceTo(6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nanos=7 target=6");
    assertThat(clock.nanos()).isEqualTo(7);
  }

  @Test
  void restoresAnEarlierTime() {
    VirtualClockState state = clock.save();
    clock.advanceTo(7);

    clock.restore(state);

    assertThat(clock.nanos()).isZero();
    assertThatThrownBy(() -> new VirtualClockState(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nanos=-1");
  }
}
