package io.understudy.failover.coordinator;

import java.time.Duration;

/**
 * Settings of a {@link Coordinator}. Immutable.
 *
 * @param name name of this coordinator, unique in the cluster; written into its orders
 * @param detector when a leader is dead
 * @param promotionTimeout how long a living standby may take to lead after it was ordered to,
 *     before another order is written; must leave room to drain the log
 */
public record CoordinatorSettings(
    String name, DetectorSettings detector, Duration promotionTimeout) {
  /** Refuses values that contradict each other with an {@link IllegalArgumentException}. */
  public CoordinatorSettings {
    if (name.isBlank()) {
      throw new IllegalArgumentException("the coordinator must have a name");
    }
    if (promotionTimeout.compareTo(detector.timeout()) <= 0) {
      throw new IllegalArgumentException(
          "promotionTimeout must be longer than the detector's timeout: promotionTimeout="
              + promotionTimeout
              + " timeout="
              + detector.timeout());
    }
  }

  /** Default times: {@link DetectorSettings#DEFAULT}, 30 s for a promotion. */
  public static CoordinatorSettings of(String name) {
    return new CoordinatorSettings(name, DetectorSettings.DEFAULT, Duration.ofSeconds(30));
  }
}
