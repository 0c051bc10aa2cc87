package io.understudy.capture;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How much of the time a live guest has to stand still, so that a standby keeps up with it or gets
 * a chance to follow at all. Time is cut into periods; in each, the guest stands still first and
 * runs then.
 *
 * <p>While it stands still everything else goes on: input and time are let in and epochs are
 * committed. Nothing of this is recorded: a replay goes through the same events at the same places.
 *
 * <p>Any thread sets it, the vCPU thread obeys.
 */
public final class Pace {
  /** {@link #hold} with this much stops the guest for good. */
  public static final int ALWAYS = 1_000;

  /** Longer than the looks at a guest that computes are apart: it is slowed as truly as others. */
  static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Bounds how late a change, or a reason to record something, is seen. */
  private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private volatile int heldPermille;

  /**
   * Sets how much of the time the guest stands still.
   *
   * @param permille thousandths, 0 to {@link #ALWAYS}
   */
  public void hold(int permille) {
    if (permille < 0 || permille > ALWAYS) {
      throw new IllegalArgumentException("permille must be in [0, 1000], is " + permille);
    }
    heldPermille = permille;
  }

  /** How much of the time the guest stands still, thousandths. */
  public int heldPermille() {
    return heldPermille;
  }

  /** Whether the guest has to stand still at {@code nowNanos} of the host's monotonic clock. */
  boolean holds(long nowNanos) {
    int held = heldPermille;
    return held != 0 && Math.floorMod(nowNanos, PERIOD_NANOS) < PERIOD_NANOS / ALWAYS * (long) held;
  }

  /**
   * vCPU thread: rests for a moment if the guest has to stand still.
   *
   * @return whether it had to, and may have to still
   */
  boolean rests(long nowNanos) {
    if (!holds(nowNanos) || Thread.currentThread().isInterrupted()) {
      return false;
    }
    LockSupport.parkNanos(REST_NANOS);
    return true;
  }
}
