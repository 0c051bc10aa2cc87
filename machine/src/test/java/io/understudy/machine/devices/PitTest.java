package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PitTest {

  /** Linux's LATCH for HZ=250. */
  private static final int LATCH_250_HZ = 4773;

  private static final long NANOS_OF_100_YEARS = 3_155_760_000_000_000_000L;

  private final VirtualClock clock = new VirtualClock();
  private final List<Boolean> line = new ArrayList<>();
  private final Pit pit = new Pit(clock, line::add);

  @Test
  void isSilentAtPowerOn() {
    assertThat(pit.nextEdgeNanos()).isEqualTo(Long.MAX_VALUE);

    advanceToTick(1_000_000);

    assertThat(edges()).isZero();
  }

  @Test
  void ticksPeriodically_asTheClockEventOfLinux() {
    advanceToTick(777);
    program(0, 2, LATCH_250_HZ);

    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(777 + LATCH_250_HZ));
    advanceToTick(777 + LATCH_250_HZ - 1);
    assertThat(edges()).isZero();
    advanceToTick(777 + LATCH_250_HZ);
    assertThat(edges()).isEqualTo(1);
    assertThat(line).containsExactly(true, false);
    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(777 + 2 * LATCH_250_HZ));
  }

  @Test
  void collapsesMissedPeriodsIntoOneEdge() {
    program(0, 2, 100);

    advanceToTick(1050);

    assertThat(edges()).isEqualTo(1);
    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(1100));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 6, 7})
  void periodicModesKeepExactTime_afterACentury(int mode) {
    clock.advanceTo(NANOS_OF_100_YEARS);
    pit.clockAdvanced();
    long loadTick = PitTicks.atNanos(NANOS_OF_100_YEARS);
    program(0, mode, LATCH_250_HZ);

    for (int edge = 1; edge <= 1000; edge++) {
      BigInteger scaled =
          BigInteger.valueOf(loadTick)
              .add(BigInteger.valueOf((long) edge * LATCH_250_HZ))
              .multiply(BigInteger.valueOf(1_000_000_000));
      BigInteger exact =
          scaled.add(BigInteger.valueOf(1_193_181)).divide(BigInteger.valueOf(1_193_182));
      long next = pit.nextEdgeNanos();
      assertThat(next).isEqualTo(exact.longValueExact());
      clock.advanceTo(next - 1);
      pit.clockAdvanced();
      assertThat(edges()).isEqualTo(edge - 1);
      clock.advanceTo(next);
      pit.clockAdvanced();
      assertThat(edges()).isEqualTo(edge);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4})
  void oneShotModesGiveOneEdge(int mode) {
    program(0, mode, 1000);

    advanceToTick(999);
    assertThat(edges()).isZero();
    advanceToTick(1000);
    assertThat(edges()).isEqualTo(1);
    assertThat(pit.nextEdgeNanos()).isEqualTo(Long.MAX_VALUE);
    advanceToTick(1_000_000);
    assertThat(edges()).isEqualTo(1);
  }

  @Test
  void hardwareTriggeredStrobeNeverInterrupts() {
    program(0, 5, 1000);

    advanceToTick(5000);

    assertThat(edges()).isZero();
    assertThat(pit.nextEdgeNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void controlWordStopsInterrupts_untilACountIsWritten() {
    program(0, 2, 1000);
    out(0x43, 0x34);

    advanceToTick(5000);
    assertThat(edges()).isZero();

    out(0x40, 0x10);
    assertThat(pit.nextEdgeNanos()).isEqualTo(Long.MAX_VALUE);
    out(0x40, 0x00);
    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(5016));
  }

  @Test
  void deliversAnEdgeThatIsDue_beforeAnAccessThatWouldReplaceIt() {
    program(0, 4, 1000);
    clock.advanceTo(PitTicks.startNanos(1001));

    program(0, 4, 1000);

    assertThat(edges()).isEqualTo(1);
    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(2001));
  }

  @Test
  void reloadInTheMiddleOfAPeriodStartsANewOne() {
    program(0, 2, 1000);
    advanceToTick(600);
    out(0x40, 0xE8);
    out(0x40, 0x03);

    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(1600));
  }

  @Test
  void otherChannelsDoNotInterrupt() {
    program(1, 2, 10);
    program(2, 2, 10);

    advanceToTick(1000);

    assertThat(edges()).isZero();
  }

  @Test
  void countOfZeroIs65536() {
    program(0, 2, 0);

    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(65536));
    assertThat(latched(0)).isZero();
    advanceToTick(1);
    assertThat(latched(0)).isEqualTo(0xFFFF);
  }

  /** Columns: mode, count, ticks since the load, counter, OUT (table of Linux's i8254.c). */
  @ParameterizedTest
  @CsvSource({
    "0, 1000,    0, 1000, false",
    "0, 1000,  999,    1, false",
    "0, 1000, 1000,    0, true",
    "0, 1000, 1001, 65535, true",
    "1, 1000,  999,    1, true",
    "1, 1000, 1000,    0, false",
    "2, 1000,    0, 1000, false",
    "2, 1000,  999,    1, false",
    "2, 1000, 1000, 1000, true",
    "2, 1000, 1001,  999, false",
    "2, 1000, 5000, 1000, true",
    "3, 1000,    0, 1000, true",
    "3, 1000,  499,    2, true",
    "3, 1000,  500, 1000, false",
    "3, 1000,  999,    2, false",
    "3, 1000, 1000, 1000, true",
    "3, 1001,  500,    1, true",
    "3, 1001,  501, 1000, false",
    "4, 1000,  999,    1, false",
    "4, 1000, 1000,    0, true",
    "4, 1000, 1001, 65535, false",
    "5, 1000, 1000,    0, true",
    "5, 1000, 1001, 65535, false",
  })
  void countsAndDrivesOut_byMode(int mode, int count, long ticks, int counter, boolean out) {
    program(2, mode, count);
    advanceToTick(ticks);

    out(0x43, 0xC8);
    int status = in(0x42);
    int value = in(0x42) | (in(0x42) << 8);

    assertThat(value).isEqualTo(counter);
    assertThat(status).isEqualTo((out ? 0x80 : 0) | 0x30 | (mode << 1));
    assertThat((in(0x61) & 0x20) != 0).isEqualTo(out);
  }

  @ParameterizedTest
  @CsvSource({"6, 2", "7, 3"})
  void modes6And7Are2And3(int written, int shown) {
    program(0, written, 1000);
    out(0x43, 0xE2);

    assertThat((in(0x40) >> 1) & 7).isEqualTo(shown);
  }

  @Test
  void readsAndWritesSingleBytes_byAccessMode() {
    out(0x43, 0x90);
    out(0x42, 0x64);
    assertThat(in(0x42)).isEqualTo(0x64);
    advanceToTick(1);
    assertThat(in(0x42)).isEqualTo(0x63);

    out(0x43, 0xA0);
    out(0x42, 0x02);
    assertThat(in(0x42)).isEqualTo(0x02);
    advanceToTick(2);
    assertThat(in(0x42)).isEqualTo(0x01);
    out(0x43, 0x80);
    assertThat(in(0x42)).isEqualTo(0x01);
    advanceToTick(2 + 0x102);
    assertThat(in(0x42)).isZero();
  }

  @Test
  void unlatchedReadsAlternateBetweenTheBytesOfTheRunningCount() {
    program(2, 0, 0x0200);

    assertThat(in(0x42)).isZero();
    assertThat(in(0x42)).isEqualTo(0x02);
    advanceToTick(1);
    assertThat(in(0x42)).isEqualTo(0xFF);
    advanceToTick(0x101);
    assertThat(in(0x42)).isZero();
    assertThat(in(0x42)).isEqualTo(0xFF);
  }

  @Test
  void latchedCountStaysUntilRead_andASecondLatchIsIgnored() {
    program(0, 2, 0x1234);
    out(0x43, 0x00);
    advanceToTick(5);
    out(0x43, 0x00);

    assertThat(in(0x40)).isEqualTo(0x34);
    assertThat(in(0x40)).isEqualTo(0x12);
    assertThat(in(0x40)).isEqualTo(0x2F);
  }

  @Test
  void readBackLatchesOnlyTheSelectedChannels_statusBeforeCount() {
    program(0, 2, 0x1234);
    program(1, 3, 0x4321);
    out(0x43, 0xC0 | 0x02);
    advanceToTick(0x10);

    // Channel 0: latched status, latched count, running count. Channel 1: running count only.
    assertThat(in(0x40)).isEqualTo(0x34);
    assertThat(in(0x40)).isEqualTo(0x34);
    assertThat(in(0x40)).isEqualTo(0x12);
    assertThat(in(0x40)).isEqualTo(0x24);
    assertThat(in(0x41)).isEqualTo(0x01);
  }

  @Test
  void readBackLatchesEitherPartAlone_andASecondStatusLatchIsIgnored() {
    program(2, 0, 0x0100);
    out(0x43, 0xE8);
    advanceToTick(0x100);
    out(0x43, 0xE8);
    assertThat(in(0x42)).isEqualTo(0x30);
    assertThat(in(0x42)).isZero();
    assertThat(in(0x42)).isZero();

    out(0x43, 0xD8);
    advanceToTick(0x101);
    assertThat(in(0x42)).isZero();
    assertThat(in(0x42)).isZero();
    assertThat(in(0x42)).isEqualTo(0xFF);
  }

  @Test
  void nullCountIsNeverSet_soTheEntropyLoopOfLinuxEnds() {
    out(0x43, 0xC2);
    assertThat(in(0x40) & 0x40).isZero();
    in(0x40);
    in(0x40);

    out(0x43, 0x34);
    out(0x43, 0xE2);
    assertThat(in(0x40) & 0x40).isZero();
  }

  @Test
  void reprogrammingDiscardsLatches() {
    program(2, 0, 0x1234);
    out(0x43, 0xC8);
    program(2, 0, 0x5678);

    assertThat(in(0x42)).isEqualTo(0x78);
    assertThat(in(0x42)).isEqualTo(0x56);
  }

  @Test
  void countsInDecimal_whenAsked() {
    out(0x43, 0xB1);
    out(0x42, 0x00);
    out(0x42, 0x10);
    advanceToTick(1);
    assertThat(latched(2)).isEqualTo(0x0999);
    advanceToTick(1001);
    assertThat(latched(2)).isEqualTo(0x9999);
    out(0x43, 0xE8);
    assertThat(in(0x42)).isEqualTo(0x80 | 0x30 | 1);

    out(0x43, 0x35);
    out(0x40, 0x00);
    out(0x40, 0x00);
    assertThat(pit.nextEdgeNanos()).isEqualTo(PitTicks.startNanos(1001 + 10_000));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void risingGateRestartsTheSpeakersChannel(int mode) {
    program(2, mode, 1000);
    advanceToTick(300);
    assertThat(latched(2)).isNotEqualTo(1000);

    out(0x61, 0x01);
    assertThat(latched(2)).isEqualTo(1000);
    advanceToTick(310);
    out(0x61, 0x01);
    assertThat(latched(2)).isNotEqualTo(1000);
    out(0x61, 0x00);
    assertThat(latched(2)).isNotEqualTo(1000);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  void gateIsOnlyRecorded_inSoftwareTriggeredModes(int mode) {
    program(2, mode, 1000);
    advanceToTick(300);

    out(0x61, 0x01);

    assertThat(latched(2)).isEqualTo(700);
    assertThat(in(0x61) & 0x01).isEqualTo(1);
  }

  @Test
  void systemControlPortShowsGateSpeakerRefreshAndOut() {
    program(2, 0, 100);
    assertThat(in(0x61)).isZero();

    out(0x61, 0xFF);
    assertThat(in(0x61)).isEqualTo(0x03);
    advanceToTick(17);
    assertThat(in(0x61)).isEqualTo(0x03);
    advanceToTick(18);
    assertThat(in(0x61)).isEqualTo(0x13);
    advanceToTick(36);
    assertThat(in(0x61)).isEqualTo(0x03);
    advanceToTick(108);
    assertThat(in(0x61)).isEqualTo(0x23);
    out(0x61, 0x00);
    assertThat(in(0x61)).isEqualTo(0x20);
  }

  @Test
  void slowTscCalibrationOfLinuxSeesOutRise() {
    out(0x61, (in(0x61) & ~0x02) | 0x01);
    program(2, 0, 11932);

    advanceToTick(11931);
    assertThat(in(0x61) & 0x20).isZero();
    advanceToTick(11932);
    assertThat(in(0x61) & 0x20).isEqualTo(0x20);
  }

  @Test
  void restoresEveryField() {
    clock.advanceTo(NANOS_OF_100_YEARS);
    PitState.Channel channel =
        new PitState.Channel(5, 1, true, 7, 8, true, true, true, true, 9, 2, 10, true, 11);
    PitState.Channel other =
        new PitState.Channel(4, 2, false, 9, 7, true, false, true, true, 8, 1, 12, true, 13);
    PitState state = new PitState(List.of(channel, other, channel), true, 1000);

    pit.restore(state);

    assertThat(pit.save()).isEqualTo(state);
  }

  @Test
  void refusesPortsSizesAndStatesThatDoNotFit() {
    assertThatThrownBy(() -> pit.in(0x44, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("port=0x44");
    assertThatThrownBy(() -> pit.out(0x40, 2, 0)).isInstanceOf(IllegalArgumentException.class);

    PitState state = pit.save();
    assertThatThrownBy(() -> pit.restore(new PitState(state.channels(), false, 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("evaluatedTick=1 nowTick=0");
    assertThatThrownBy(() -> new PitState(state.channels().subList(0, 2), false, 0))
        .isInstanceOf(IllegalArgumentException.class);
    advanceToTick(5);
    program(0, 2, 10);
    List<PitState.Channel> later = pit.save().channels();
    assertThatThrownBy(() -> new PitState(later, false, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("loadTick=5 evaluatedTick=4");
  }

  private long edges() {
    return line.stream().filter(level -> level).count();
  }

  private void advanceToTick(long tick) {
    clock.advanceTo(PitTicks.startNanos(tick));
    pit.clockAdvanced();
  }

  private void program(int channel, int mode, int count) {
    out(0x43, (channel << 6) | 0x30 | (mode << 1));
    out(0x40 + channel, count & 0xFF);
    out(0x40 + channel, count >> 8);
  }

  private int latched(int channel) {
    out(0x43, channel << 6);
    return in(0x40 + channel) | (in(0x40 + channel) << 8);
  }

  private int in(int port) {
    return pit.in(port, 1);
  }

  private void out(int port, int value) {
    pit.out(port, 1, value);
  }
}
