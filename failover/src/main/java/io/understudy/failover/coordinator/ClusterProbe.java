package io.understudy.failover.coordinator;

import java.time.Duration;

/**
 * How far a watcher can trust the silence of others: it writes a heartbeat of its own, the probe,
 * through the same cluster and the same partition, and reads it back.
 *
 * <p>A probe that was sent at time t and read back proves that every beat appended before t has
 * been read too. So silence is measured only up to {@code t} of the newest probe that came back,
 * never up to now: while Kafka is down, or this process was stopped, nobody's silence grows. A
 * leader whose last beat is merely stuck in the same outage as the probe cannot be mistaken for a
 * dead one, which comparing two ages with now would allow whenever the probe is the younger of the
 * two.
 *
 * <p>After a stall everybody starts again at zero, because the beats that were due during the stall
 * may have been given up by their senders.
 *
 * <p>Owned by the watcher's thread. Times are nanoseconds of its monotonic clock.
 */
public final class ClusterProbe {
  private final long stallNanos;
  private boolean everConfirmed;
  private long confirmedUntil;
  private long steadySince;

  /** A probe that never came back yet. */
  public ClusterProbe(Duration stall) {
    this.stallNanos = stall.toNanos();
  }

  /** The probe that was sent at {@code sentAtNanos} has been read back. */
  public void confirmed(long sentAtNanos, long nowNanos) {
    if (!isSteady(nowNanos)) {
      steadySince = nowNanos;
    }
    if (!everConfirmed || sentAtNanos - confirmedUntil > 0) {
      confirmedUntil = sentAtNanos;
    }
    everConfirmed = true;
  }

  /** Whether a probe ever came back; what was read before may be arbitrarily old. */
  public boolean isConfirmed() {
    return everConfirmed;
  }

  /** Whether the cluster carries our own beats in time. */
  public boolean isSteady(long nowNanos) {
    return everConfirmed && nowNanos - confirmedUntil <= stallNanos;
  }

  /**
   * For how many nanoseconds somebody last heard at {@code lastHeardNanos} has certainly been
   * silent, not counting what lies before the end of the last stall; from 0.
   */
  public long confirmedSilence(long lastHeardNanos) {
    return everConfirmed ? Math.max(0, confirmedUntil - countingFrom(lastHeardNanos)) : 0;
  }

  /** Whether the cluster has been watched without a stall for {@code nanos}. */
  public boolean hasWatchedFor(long nanos) {
    return everConfirmed && confirmedUntil - steadySince >= nanos;
  }

  /** The instant from which the silence of somebody last heard at {@code lastHeardNanos} counts. */
  long countingFrom(long lastHeardNanos) {
    return everConfirmed && steadySince - lastHeardNanos > 0 ? steadySince : lastHeardNanos;
  }

  /** The instant from which the cluster has been watched without a stall. */
  long steadySince() {
    return steadySince;
  }

  /** Age of the newest probe that came back, in nanoseconds; -1 when none did. */
  long ageNanos(long nowNanos) {
    return everConfirmed ? nowNanos - confirmedUntil : -1;
  }
}
