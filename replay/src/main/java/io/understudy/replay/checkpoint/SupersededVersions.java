package io.understudy.replay.checkpoint;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Page versions that have a successor, in the order in which they become garbage: a version is
 * needed until the oldest kept checkpoint contains its successor.
 *
 * <p>Owned by the store and used under its lock. Lives in memory only; the scan at open makes it
 * again.
 */
final class SupersededVersions {

  /** Takes a version that no checkpoint needs any more. */
  interface Drain {
    void version(int number, long epoch);
  }

  private final TreeMap<Long, Versions> bySuccessor = new TreeMap<>();

  void add(long successorEpoch, int number, long epoch) {
    bySuccessor.computeIfAbsent(successorEpoch, key -> new Versions()).add(number, epoch);
  }

  /**
   * Hands over and forgets at most {@code limit} versions whose successor is in the oldest kept
   * checkpoint.
   */
  void drain(long oldestKeptEpoch, int limit, Drain drain) {
    int left = limit;
    while (left > 0) {
      Map.Entry<Long, Versions> first = bySuccessor.firstEntry();
      if (first == null || first.getKey() > oldestKeptEpoch) {
        return;
      }
      left -= first.getValue().drain(left, drain);
      if (first.getValue().size == 0) {
        bySuccessor.pollFirstEntry();
      }
    }
  }

  private static final class Versions {
    private int[] numbers = new int[16];
    private long[] epochs = new long[16];
    private int size;

    void add(int number, long epoch) {
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, size * 2);
        epochs = Arrays.copyOf(epochs, size * 2);
      }
      numbers[size] = number;
      epochs[size] = epoch;
      size++;
    }

    int drain(int limit, Drain drain) {
      int count = Math.min(limit, size);
      for (int i = 0; i < count; i++) {
        size--;
        drain.version(numbers[size], epochs[size]);
      }
      return count;
    }
  }
}
