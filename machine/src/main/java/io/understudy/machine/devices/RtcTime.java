package io.understudy.machine.devices;

import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/**
 * Translation between a point in time and the time registers of an MC146818, in the number format
 * that register B asks for.
 *
 * <p>Pure functions. Times are seconds since 1970 UTC; the calendar is {@code java.time}'s, which
 * is fixed arithmetic and has no zone or locale.
 */
final class RtcTime {

  static final int SECONDS = 0x00;
  static final int MINUTES = 0x02;
  static final int HOURS = 0x04;
  static final int WEEKDAY = 0x06;
  static final int DAY = 0x07;
  static final int MONTH = 0x08;
  static final int YEAR = 0x09;
  static final int CENTURY = 0x32;

  /** Register B: numbers are binary instead of BCD. */
  static final int BINARY = 0x04;

  /** Register B: hours run from 0 to 23 instead of 1 to 12 with a PM bit. */
  static final int HOURS_24 = 0x02;

  private static final int PM = 0x80;

  private RtcTime() {}

  private static final int[] REGISTERS = {
    SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY
  };

  static boolean isTimeRegister(int register) {
    for (int timeRegister : REGISTERS) {
      if (timeRegister == register) {
        return true;
      }
    }
    return false;
  }

  /** What a time register reads at a point in time. */
  static int read(int register, long epochSecond, int statusB) {
    LocalDateTime time = LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC);
    return switch (register) {
      case SECONDS -> encode(time.getSecond(), statusB);
      case MINUTES -> encode(time.getMinute(), statusB);
      case HOURS -> encodeHour(time.getHour(), statusB);
      // The chip counts from Sunday = 1, java.time from Monday = 1.
      case WEEKDAY -> encode(time.getDayOfWeek().getValue() % 7 + 1, statusB);
      case DAY -> encode(time.getDayOfMonth(), statusB);
      case MONTH -> encode(time.getMonthValue(), statusB);
      case YEAR -> encode(Math.floorMod(time.getYear(), 100), statusB);
      case CENTURY -> encode(Math.floorMod(Math.floorDiv(time.getYear(), 100), 100), statusB);
      default ->
          throw new IllegalArgumentException(
              "not a time register: register=" + Checks.hex(register));
    };
  }

  /** Writes what all time registers read at a point in time into their slots of {@code memory}. */
  static void store(long epochSecond, int statusB, byte[] memory) {
    for (int register : REGISTERS) {
      memory[register] = (byte) read(register, epochSecond, statusB);
    }
  }

  /**
   * Reads the time registers from their slots. The weekday is ignored. A guest may write anything,
   * so fields out of range carry over into the next larger one instead of being refused.
   */
  static long load(byte[] memory, int statusB) {
    int year = get(memory, CENTURY, statusB) * 100 + get(memory, YEAR, statusB);
    long day =
        LocalDate.of(year, 1, 1)
            .plusMonths(get(memory, MONTH, statusB) - 1L)
            .plusDays(get(memory, DAY, statusB) - 1L)
            .toEpochDay();
    long hours = day * 24 + decodeHour(memory[HOURS] & 0xFF, statusB);
    long minutes = hours * 60 + get(memory, MINUTES, statusB);
    return minutes * 60 + get(memory, SECONDS, statusB);
  }

  private static int encodeHour(int hour, int statusB) {
    if ((statusB & HOURS_24) != 0) {
      return encode(hour, statusB);
    }
    int hourOfHalf = hour % 12 == 0 ? 12 : hour % 12;
    return encode(hourOfHalf, statusB) | (hour >= 12 ? PM : 0);
  }

  private static int decodeHour(int value, int statusB) {
    if ((statusB & HOURS_24) != 0) {
      return decode(value, statusB);
    }
    int hourOfHalf = decode(value & ~PM, statusB) % 12;
    return (value & PM) != 0 ? hourOfHalf + 12 : hourOfHalf;
  }

  private static int get(byte[] memory, int register, int statusB) {
    return decode(memory[register] & 0xFF, statusB);
  }

  private static int encode(int value, int statusB) {
    return (statusB & BINARY) != 0 ? value : (value / 10) << 4 | (value % 10);
  }

  private static int decode(int value, int statusB) {
    return (statusB & BINARY) != 0 ? value : (value >> 4) * 10 + (value & 0xF);
  }
}
