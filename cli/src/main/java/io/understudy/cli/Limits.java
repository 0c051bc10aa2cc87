package io.understudy.cli;

import java.time.Duration;

/** What values of options may be; refusals name the option and are read like the command line. */
final class Limits {
  /** The shortest time that can be typed. */
  static final Duration MICROSECOND = Duration.ofNanos(1_000);

  /** Longer than anything here that is waited for. */
  static final Duration HOUR = Duration.ofHours(1);

  /** As long as anything here may take that is done now and then. */
  static final Duration MONTH = Duration.ofDays(30);

  private Limits() {}

  /** Refuses a duration below {@code least} or above {@code most}. */
  static Duration within(String option, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          option + " must be " + text(least) + " to " + text(most) + ", is " + text(value));
    }
    return value;
  }

  /** Refuses a number below {@code least} or above {@code most}. */
  static long within(String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          option + " must be " + least + " to " + most + ", is " + value);
    }
    return value;
  }

  /** How fast a guest's clock may run. */
  static double guestSpeed(double value) {
    if (!(value > 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "--guest-speed must be above 0 and at most 1, is " + value);
    }
    return value;
  }

  /** As one would type it. */
  private static String text(Duration value) {
    long micros = value.toNanos() / 1_000;
    if (micros % 1_000 != 0) {
      return micros + "us";
    }
    long millis = micros / 1_000;
    if (millis % 1_000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1_000;
    if (seconds % 60 != 0 || seconds == 0) {
      return seconds + "s";
    }
    return seconds % 3_600 == 0 ? seconds / 3_600 + "h" : seconds / 60 + "m";
  }
}
