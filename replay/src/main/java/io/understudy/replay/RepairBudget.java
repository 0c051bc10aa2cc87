package io.understudy.replay;

import java.time.Duration;
import java.util.ArrayDeque;

/**
 * How often a standby may be repaired: a host that makes faults again and again is no place for a
 * replica. Owned by the vCPU thread.
 */
final class RepairBudget {
  private final int most;
  private final long withinNanos;
  private final ArrayDeque<Long> repairs = new ArrayDeque<>();

  /** At most {@code most} repairs within any time of this length. */
  RepairBudget(int most, Duration within) {
    this.most = most;
    this.withinNanos = within.toNanos();
  }

  /** Whether one more is allowed now; if so it counts. */
  boolean take(long nowNanos) {
    while (!repairs.isEmpty() && nowNanos - repairs.peekFirst() > withinNanos) {
      repairs.removeFirst();
    }
    if (repairs.size() >= most) {
      return false;
    }
    repairs.addLast(nowNanos);
    return true;
  }
}
