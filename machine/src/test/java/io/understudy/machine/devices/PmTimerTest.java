package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PmTimerTest {

  private final VirtualClock clock = new VirtualClock();
  private final PmTimer timer = new PmTimer(clock);
  private final PortBus bus = new PortBus();

  @BeforeEach
  void attach() {
    timer.attachTo(bus);
  }

  // Expected: floor(nanos * 3579545 / 10^9) mod 2^24, by arithmetic of arbitrary precision.
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "279, 0",
    "280, 1", // a tick is 279.365 ns
    "1000000, 3579",
    "1000000000, 3579545",
    "4686968874, 16777215", // the last nanosecond before it wraps
    "4686968875, 0",
    "86400000000000, 1488256", // a day
    "9223372036854775807, 13819744"
  })
  void countsVirtualTime_in24Bits(long nanos, long expected) {
    clock.advanceTo(nanos);

    assertThat(bus.in(0x608, 4)).isEqualTo((int) expected);
  }

  @Test
  void readsInPieces_andIgnoresWrites() {
    clock.advanceTo(1_000_000_000L);
    bus.out(0x608, 4, 0);

    assertThat(bus.in(0x608, 2)).isEqualTo(3_579_545 & 0xFFFF);
    assertThat(bus.in(0x60A, 1)).isEqualTo(3_579_545 >> 16);
    assertThat(bus.in(0x60B, 1)).isZero();
    assertThat(bus.in(0x60C, 1)).isEqualTo(0xFF);
    assertThatThrownBy(() -> timer.in(0x607, 1)).isInstanceOf(IllegalArgumentException.class);
  }
}
