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
    GuestClock clock = new GuestClock(host, 400, 100, 1);
    assertThat(clock.nanosAt(nanos)).isEqualTo(600_000_000);
    nanos += 7;
    assertThat(clock.nanosAt(nanos)).isEqualTo(600_000_007);
  }

  @Test
  void neverGoesBackWhenTheWallClockIsBehind() {
    GuestClock clock = new GuestClock(host, 999, 2_000_000, 1);
    assertThat(clock.nanosAt(nanos)).isEqualTo(2_000_000);
    millis = 0;
    nanos += 1;
    assertThat(clock.nanosAt(nanos)).isEqualTo(2_000_001);
  }

  @Test
  void doesNotJump_whenItStoodStill() {
    GuestClock clock = new GuestClock(host, 400, 100, 1);
    clock.stop(nanos);
    nanos += 3_000;
    clock.stop(nanos);
    nanos += 3_000;
    clock.resume(nanos);
    assertThat(clock.nanosAt(nanos)).isEqualTo(600_000_000);
    nanos += 7;
    clock.resume(nanos);
    assertThat(clock.nanosAt(nanos)).isEqualTo(600_000_007);
  }

  @Test
  void goesOnWhereTheMachineStands_whenTheRunHasItsOwnTime() {
    GuestClock clock = GuestClock.own(host, 100, 1);
    assertThat(clock.nanosAt(nanos)).isEqualTo(100);
    nanos += 7;
    assertThat(clock.nanosAt(nanos)).isEqualTo(107);
  }

  @Test
  void runsSlower_whenTheHostIsSlow() {
    GuestClock clock = new GuestClock(host, 400, 100, 0.25);
    assertThat(clock.nanosAt(nanos)).isEqualTo(150_000_000);
    nanos += 400;
    assertThat(clock.nanosAt(nanos)).isEqualTo(150_000_100);
    assertThat(clock.hostNanos(100)).isEqualTo(400);
  }
}
