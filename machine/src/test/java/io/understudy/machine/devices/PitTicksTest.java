package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.LongRange;

/** The tick arithmetic against arbitrary precision. */
@Tag("simulation")
class PitTicksTest {

  private static final BigInteger FREQUENCY = BigInteger.valueOf(1_193_182);
  private static final BigInteger NANOS = BigInteger.valueOf(1_000_000_000);

  @Property(tries = 5000)
  void ticksAreTheExactFloor(@ForAll @LongRange(min = 0, max = Long.MAX_VALUE) long nanos) {
    BigInteger exact = BigInteger.valueOf(nanos).multiply(FREQUENCY).divide(NANOS);

    assertThat(PitTicks.atNanos(nanos)).isEqualTo(exact.longValueExact());
  }

  @Property(tries = 5000)
  void startOfATickIsItsFirstNanosecond(
      @ForAll @LongRange(min = 1, max = 11_000_000_000_000_000L) long tick) {
    long start = PitTicks.startNanos(tick);

    BigInteger[] quotient = BigInteger.valueOf(tick).multiply(NANOS).divideAndRemainder(FREQUENCY);
    BigInteger ceiling = quotient[0].add(BigInteger.valueOf(quotient[1].signum()));
    assertThat(start).isEqualTo(ceiling.longValueExact());
    assertThat(PitTicks.atNanos(start)).isEqualTo(tick);
    assertThat(PitTicks.atNanos(start - 1)).isEqualTo(tick - 1);
  }

  @Example
  void startSaturates_whenBeyondTheRangeOfTheClock() {
    long last = PitTicks.atNanos(Long.MAX_VALUE);

    assertThat(PitTicks.startNanos(last)).isLessThan(Long.MAX_VALUE).isPositive();
    assertThat(PitTicks.startNanos(last + 1)).isEqualTo(Long.MAX_VALUE);
    assertThat(PitTicks.startNanos(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
  }
}
