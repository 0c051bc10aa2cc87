package io.understudy.failover.node;

import java.time.Duration;
import java.util.Objects;

/**
 * How much of its log a leader keeps. What is older, or more, is deleted as soon as a verified
 * snapshot makes it unnecessary.
 *
 * @param age events of so long at least stay; zero for no such bound
 * @param bytes as many bytes of events stay at most, and half of that at least; zero for no such
 *     bound
 */
public record RetentionSettings(Duration age, long bytes) {
  /** Everything is kept. */
  public static final RetentionSettings OFF = new RetentionSettings(Duration.ZERO, 0);

  /** Refuses what cannot work. */
  public RetentionSettings {
    Objects.requireNonNull(age, "age");
    if (age.isNegative() || bytes < 0) {
      throw new IllegalArgumentException(
          "age and bytes must not be negative: age=" + age + " bytes=" + bytes);
    }
  }

  /** Whether nothing is ever deleted. */
  public boolean isOff() {
    return age.isZero() && bytes == 0;
  }
}
