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
  private final long hostStart;
  private final long virtualStart;

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
