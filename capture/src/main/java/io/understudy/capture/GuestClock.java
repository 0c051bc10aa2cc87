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

  private final long hostStart;
  private final long virtualStart;

  /**
   * @param runStartEpochMillis wall clock at virtual time 0
   * @param virtualNanos where the machine's virtual clock stands
   */
  GuestClock(HostClock host, long runStartEpochMillis, long virtualNanos) {
    this.hostStart = host.nanoTime();
    long byWallClock = (host.epochMillis() - runStartEpochMillis) * NANOS_PER_MILLI;
    this.virtualStart = Math.max(virtualNanos, byWallClock);
  }

  /**
   * Nanoseconds of virtual time since power-on.
   *
   * @param hostNanos what the host's monotonic clock shows
   */
  long nanosAt(long hostNanos) {
    return virtualStart + (hostNanos - hostStart);
  }
}
