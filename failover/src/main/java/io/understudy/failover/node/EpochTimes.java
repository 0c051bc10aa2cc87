package io.understudy.failover.node;

import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * When a leader was seen to have committed which epoch, by any clock that only grows: heartbeats
 * say how far somebody is, and not since when.
 *
 * <p>Bounded: when it is full every second entry of the older half is left out. So answers are
 * exact for who is near, and too small, but never small, for who is far. Safe for any thread.
 */
final class EpochTimes {
  /** Says that somebody is further behind than anything seen. */
  static final long UNKNOWN = -1;

  private static final int MOST = 4096;

  private final TreeMap<Long, Long> moments = new TreeMap<>();

  /** The leader has committed {@code epoch}, seen at {@code moment}. */
  synchronized void reached(long epoch, long moment) {
    if (moments.isEmpty() || epoch > moments.lastKey()) {
      moments.put(epoch, moment);
    }
    if (moments.size() > MOST) {
      thin();
    }
  }

  /** Newest epoch seen, -1 if none. */
  synchronized long newest() {
    return moments.isEmpty() ? -1 : moments.lastKey();
  }

  /**
   * How far behind somebody is who has applied {@code epoch}: the time since a later one was seen
   * first, 0 if there is none; {@link #UNKNOWN} if that was before the first look.
   */
  synchronized long behind(long epoch, long now) {
    if (!moments.isEmpty() && epoch < moments.firstKey() - 1) {
      return UNKNOWN;
    }
    Map.Entry<Long, Long> later = moments.higherEntry(epoch);
    return later == null ? 0 : Math.max(0, now - later.getValue());
  }

  private void thin() {
    Iterator<Long> epochs = moments.keySet().iterator();
    boolean leaveOut = false;
    for (int index = 0; index < MOST / 2; index++) {
      epochs.next();
      if (leaveOut) {
        epochs.remove();
      }
      leaveOut = !leaveOut;
    }
  }
}
