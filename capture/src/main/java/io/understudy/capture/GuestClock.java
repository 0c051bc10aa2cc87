package io.understudy.capture;

/**
 * Which virtual time it should be in the guest now. Follows the host's monotonic clock from a start
 * that is taken from the wall clock once, when a node goes live: so the guest's time goes on across
 * a failover without a gap, and never backwards.
 *
 * <p>Owned by the vCPU thread.
 */
final class GuestClock {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final double speed;
  private long hostStart;
  private final long virtualStart;
  private boolean stopped;
  private long stoppedAt;

  /**
   * @param runStartEpochMillis wall clock at virtual time 0
   * @param virtualNanos where the machine's virtual clock stands
   * @param speed how much virtual time passes in a unit of the host's
   */
  GuestClock(HostClock host, long runStartEpochMillis, long virtualNanos, double speed) {
    this.speed = speed;
    this.hostStart = host.nanoTime();
    long byWallClock = inGuest((host.epochMillis() - runStartEpochMillis) * NANOS_PER_MILLI);
    this.virtualStart = Math.max(virtualNanos, byWallClock);
  }

  /**
   * A clock that goes on where the machine's stands, whatever the wall clock says: the guest's time
   * stood still once, or it would jump by as much.
   */
  static GuestClock own(HostClock host, long virtualNanos, double speed) {
    return new GuestClock(host, host.epochMillis(), virtualNanos, speed);
  }

  /** The guest's time stands still from here on; again is no more than once. */
  void stop(long hostNanos) {
    if (!stopped) {
      stopped = true;
      stoppedAt = hostNanos;
    }
  }

  /** It goes on where it stood. */
  void resume(long hostNanos) {
    if (stopped) {
      stopped = false;
      hostStart += hostNanos - stoppedAt;
    }
  }

  /**
   * Nanoseconds of virtual time since power-on.
   *
   * @param hostNanos what the host's monotonic clock shows
   */
  long nanosAt(long hostNanos) {
    return virtualStart + inGuest(hostNanos - hostStart);
  }

  /** How long the host's clock takes for {@code virtualNanos} of the guest's. */
  long hostNanos(long virtualNanos) {
    return speed == 1 ? virtualNanos : (long) (virtualNanos / speed);
  }

  private long inGuest(long hostNanos) {
    return speed == 1 ? hostNanos : (long) (hostNanos * speed);
  }
}
