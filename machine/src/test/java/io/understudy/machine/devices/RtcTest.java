package io.understudy.machine.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RtcTest {

  private static final int BINARY_24 = 0x06;
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final VirtualClock clock = new VirtualClock();

  @ParameterizedTest
  @CsvSource({
    "2026-01-31T23:59:59Z, 2026-02-01T00:00:00",
    "2026-02-28T23:59:59Z, 2026-03-01T00:00:00",
    "2024-02-28T23:59:59Z, 2024-02-29T00:00:00",
    "2024-02-29T23:59:59Z, 2024-03-01T00:00:00",
    "2100-02-28T23:59:59Z, 2100-03-01T00:00:00",
    "2000-02-28T23:59:59Z, 2000-02-29T00:00:00",
    "2026-12-31T23:59:59Z, 2027-01-01T00:00:00",
    "1999-12-31T23:59:59Z, 2000-01-01T00:00:00",
    "9999-12-30T23:59:59Z, 9999-12-31T00:00:00",
  })
  void rollsOver_atTheEndsOfMonthsYearsAndCenturies(String start, String next) {
    Rtc rtc = rtc(start);
    assertThat(readBcd(rtc))
        .isEqualTo(LocalDateTime.ofInstant(Instant.parse(start), ZoneOffset.UTC));

    clock.advanceTo(NANOS_PER_SECOND - 1);
    assertThat(readBcd(rtc))
        .isEqualTo(LocalDateTime.ofInstant(Instant.parse(start), ZoneOffset.UTC));
    clock.advanceTo(NANOS_PER_SECOND);
    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse(next));
    write(rtc, 0x0B, BINARY_24);
    assertThat(readBinary(rtc)).isEqualTo(LocalDateTime.parse(next));
  }

  @Test
  void addsVirtualTimeToTheMillisecondsOfTheStart() {
    Rtc rtc = rtc("2026-05-06T07:08:09.750Z");

    clock.advanceTo(249_999_999);
    assertThat(read(rtc, 0)).isEqualTo(0x09);
    clock.advanceTo(250_000_000);
    assertThat(read(rtc, 0)).isEqualTo(0x10);
  }

  @Test
  void showsEveryFieldInItsRegister() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");

    assertThat(read(rtc, 0x00)).isEqualTo(0x38);
    assertThat(read(rtc, 0x02)).isEqualTo(0x45);
    assertThat(read(rtc, 0x04)).isEqualTo(0x17);
    assertThat(read(rtc, 0x06)).isEqualTo(2);
    assertThat(read(rtc, 0x07)).isEqualTo(0x23);
    assertThat(read(rtc, 0x08)).isEqualTo(0x11);
    assertThat(read(rtc, 0x09)).isEqualTo(0x26);
    assertThat(read(rtc, 0x32)).isEqualTo(0x20);
  }

  @Test
  void countsWeekdaysFromSunday() {
    assertThat(read(rtc("2026-11-22T00:00:00Z"), 6)).isEqualTo(1);
    assertThat(read(rtc("2026-11-28T00:00:00Z"), 6)).isEqualTo(7);
  }

  /** Columns: hour, BCD 24 h, BCD 12 h, binary 24 h, binary 12 h. */
  @ParameterizedTest
  @CsvSource({
    "0,  0x00, 0x12, 0x00, 0x0C",
    "1,  0x01, 0x01, 0x01, 0x01",
    "11, 0x11, 0x11, 0x0B, 0x0B",
    "12, 0x12, 0x92, 0x0C, 0x8C",
    "13, 0x13, 0x81, 0x0D, 0x81",
    "23, 0x23, 0x91, 0x17, 0x8B",
  })
  void encodesAndDecodesHours_inAllFormats(
      int hour, String bcd24, String bcd12, String binary24, String binary12) {
    String[] expected = {bcd12, bcd24, binary12, binary24};
    int[] formats = {0x00, 0x02, 0x04, 0x06};
    for (int i = 0; i < formats.length; i++) {
      Rtc rtc = rtc(String.format("2026-11-23T%02d:00:00Z", hour));
      write(rtc, 0x0B, formats[i]);
      assertThat(read(rtc, 4)).isEqualTo(Integer.decode(expected[i]));

      write(rtc, 4, Integer.decode(expected[i]));
      write(rtc, 0x0B, BINARY_24);
      assertThat(read(rtc, 4)).isEqualTo(hour);
    }
  }

  @Test
  void statusRegistersHaveTheirFixedBits() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");
    assertThat(read(rtc, 0x0A)).isEqualTo(0x26);
    assertThat(read(rtc, 0x0B)).isEqualTo(0x02);
    assertThat(read(rtc, 0x0C)).isZero();
    assertThat(read(rtc, 0x0D)).isEqualTo(0x80);

    for (int register = 0x0A; register <= 0x0D; register++) {
      write(rtc, register, 0xFF);
    }
    assertThat(read(rtc, 0x0A)).isEqualTo(0x7F);
    assertThat(read(rtc, 0x0B)).isEqualTo(0xFF);
    assertThat(read(rtc, 0x0C)).isZero();
    assertThat(read(rtc, 0x0D)).isEqualTo(0x80);
  }

  @Test
  void keepsMemory_andIgnoresTheNmiBitOfTheIndex() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");
    for (int register = 0x0E; register < 0x80; register++) {
      if (register != 0x32) {
        write(rtc, register | 0x80, 0x80 ^ register);
      }
    }
    for (int alarm : new int[] {1, 3, 5}) {
      write(rtc, alarm, 0xC0 | alarm);
    }

    for (int register = 0x0E; register < 0x80; register++) {
      if (register != 0x32) {
        assertThat(read(rtc, register)).isEqualTo(0x80 ^ register);
      }
    }
    assertThat(read(rtc, 5)).isEqualTo(0xC5);
    assertThat(rtc.in(0x70, 1)).isEqualTo(0xFF);
  }

  @Test
  void guestSetsTheClock_byHaltingItAsLinuxDoes() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");
    clock.advanceTo(5 * NANOS_PER_SECOND);
    write(rtc, 0x0B, 0x82);
    write(rtc, 0x00, 0x59);
    write(rtc, 0x02, 0x58);
    write(rtc, 0x04, 0x23);
    write(rtc, 0x07, 0x28);
    write(rtc, 0x08, 0x02);
    write(rtc, 0x09, 0x28);
    write(rtc, 0x32, 0x20);
    clock.advanceTo(9 * NANOS_PER_SECOND);
    assertThat(read(rtc, 0)).isEqualTo(0x59);
    write(rtc, 0x0B, 0x02);

    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse("2028-02-28T23:58:59"));
    clock.advanceTo(70 * NANOS_PER_SECOND);
    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse("2028-02-29T00:00:00"));
  }

  @Test
  void haltedClockShowsTheMomentItWasHalted() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");
    write(rtc, 0x0B, 0x82);
    clock.advanceTo(100 * NANOS_PER_SECOND);

    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse("2026-11-23T17:45:38"));
    write(rtc, 0x0B, 0x02);
    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse("2026-11-23T17:45:38"));
  }

  @Test
  void guestSetsSingleFields_whileTheClockRuns() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");

    write(rtc, 0x02, 0x07);
    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse("2026-11-23T17:07:38"));

    write(rtc, 0x09, 0x30);
    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse("2030-11-23T17:07:38"));
  }

  @Test
  void nonsenseCarriesOver() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");

    write(rtc, 0x08, 0x13);

    assertThat(readBcd(rtc)).isEqualTo(LocalDateTime.parse("2027-01-23T17:45:38"));
  }

  @Test
  void readingDoesNotChangeTheState() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");
    read(rtc, 0);
    RtcState state = rtc.save();
    clock.advanceTo(77 * NANOS_PER_SECOND);

    assertThat(rtc.in(0x71, 1)).isEqualTo(0x55);

    assertThat(rtc.save()).isEqualTo(state).hasSameHashCodeAs(state);
  }

  @Test
  void stateCarriesTheStartAndIsImmutable() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");
    write(rtc, 0x40, 0x55);
    RtcState state = rtc.save();
    state.memory()[0x40] = 0;
    Rtc other = new Rtc(clock, 0);

    other.restore(state);

    assertThat(other.save()).isEqualTo(state);

    assertThat(read(other, 0x40)).isEqualTo(0x55);
    assertThat(readBcd(other)).isEqualTo(LocalDateTime.parse("2026-11-23T17:45:38"));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 253_402_300_800_000L})
  void refusesAStartOutsideTheCalendar(long startEpochMillis) {
    assertThatThrownBy(() -> new Rtc(clock, startEpochMillis))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("startEpochMillis=" + startEpochMillis);
  }

  @Test
  void refusesPortsSizesAndStatesThatDoNotExist() {
    Rtc rtc = rtc("2026-11-23T17:45:38Z");
    assertThatThrownBy(() -> rtc.in(0x72, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> rtc.out(0x70, 2, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RtcState(0, 0, 0, 0x80, 0, new byte[128]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("statusA=0x80");
    assertThatThrownBy(() -> new RtcState(0, 0, 0, 0, 0, new byte[64]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("memory.length=64");
    assertThatThrownBy(() -> new RtcState(0, Long.MIN_VALUE, 0, 0, 0, new byte[128]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Rtc rtc(String start) {
    return new Rtc(clock, Instant.parse(start).toEpochMilli());
  }

  private static LocalDateTime readBcd(Rtc rtc) {
    return LocalDateTime.of(
        bcd(read(rtc, 0x32)) * 100 + bcd(read(rtc, 9)),
        bcd(read(rtc, 8)),
        bcd(read(rtc, 7)),
        bcd(read(rtc, 4)),
        bcd(read(rtc, 2)),
        bcd(read(rtc, 0)));
  }

  private static LocalDateTime readBinary(Rtc rtc) {
    return LocalDateTime.of(
        read(rtc, 0x32) * 100 + read(rtc, 9),
        read(rtc, 8),
        read(rtc, 7),
        read(rtc, 4),
        read(rtc, 2),
        read(rtc, 0));
  }

  private static int bcd(int value) {
    return Integer.parseInt(Integer.toHexString(value));
  }

  private static int read(Rtc rtc, int register) {
    rtc.out(0x70, 1, register);
    return rtc.in(0x71, 1);
  }

  private static void write(Rtc rtc, int register, int value) {
    rtc.out(0x70, 1, register);
    rtc.out(0x71, 1, value);
  }
}
