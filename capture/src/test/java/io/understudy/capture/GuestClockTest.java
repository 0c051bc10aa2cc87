package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GuestClockTest {
  private long nanos = 5_000;
  private long millis = 1_000;
  private final HostClock host =
      new HostClock() {
        @Override
        public long nanoTime() {
          return nanos;
        }

        @Override
        public long epochMillis() {
          return millis;
        }
      };

  @Test
  void goesOnWithTheWallClockAfterAFailover() {
    GuestClock clock = new GuestClock(host, 400, 100);
    assertThat(clock.nanosAt(nanos)).isEqualTo(600_000_000);
    nanos += 7;
    assertThat(clock.nanosAt(nanos)).isEqualTo(600_000_007);
  }

  @Test
  void neverGoesBackWhenTheWallClockIsBehind() {
    GuestClock clock = new GuestClock(host, 999, 2_000_000);
    assertThat(clock.nanosAt(nanos)).isEqualTo(2_000_000);
    millis = 0;
    nanos += 1;
    assertThat(clock.nanosAt(nanos)).isEqualTo(2_000_001);
  }
}
