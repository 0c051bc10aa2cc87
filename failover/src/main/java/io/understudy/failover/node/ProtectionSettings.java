package io.understudy.failover.node;

import java.time.Duration;
import java.util.Objects;

/**
 * What a primary does for its standbys, and without one.
 *
 * @param maxLag how far the standby that is nearest may trail, as time for which the guest ran;
 *     zero for no such bound
 * @param maxLagEpochs the same in epochs; zero for no such bound
 * @param standbyTimeout a standby that was silent for longer does not count
 * @param stopsUnprotected whether the guest stands still without a standby; otherwise it goes on
 * @param grace how long a new leader's guest may run without a standby even so
 */
public record ProtectionSettings(
    Duration maxLag,
    long maxLagEpochs,
    Duration standbyTimeout,
    boolean stopsUnprotected,
    Duration grace) {
  /** Standbys are waited for up to two seconds behind; the guest goes on without one. */
  public static final ProtectionSettings DEFAULT =
      new ProtectionSettings(
          Duration.ofSeconds(2), 0, Duration.ofSeconds(2), false, Duration.ofSeconds(30));

  /** Refuses what cannot work. */
  public ProtectionSettings {
    Objects.requireNonNull(maxLag, "maxLag");
    Objects.requireNonNull(standbyTimeout, "standbyTimeout");
    Objects.requireNonNull(grace, "grace");
    if (maxLag.isNegative()) {
      throw new IllegalArgumentException("maxLag must not be negative, is " + maxLag);
    }
    if (maxLagEpochs < 0) {
      throw new IllegalArgumentException("maxLagEpochs must not be negative, is " + maxLagEpochs);
    }
    if (standbyTimeout.isNegative() || standbyTimeout.isZero()) {
      throw new IllegalArgumentException("standbyTimeout must be positive, is " + standbyTimeout);
    }
    if (grace.isNegative()) {
      throw new IllegalArgumentException("grace must not be negative, is " + grace);
    }
  }
}
