package io.understudy.systemtests.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * What was done to a VM, when, and what did not come of it that must. Owned by the run's thread.
 */
final class Diary {
  private final Map<String, Integer> injected = new TreeMap<>();
  private final List<String> lines = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private final List<LeaderLost> lost = new ArrayList<>();

  /**
   * The moment from which a failover is counted.
   *
   * @param nanos when, on the monotonic clock
   * @param term that ended, if it did
   */
  record LeaderLost(long nanos, long term) {}

  /** Something was done: {@code label} is counted, {@code what} is for people. */
  void done(String label, String what) {
    injected.merge(label, 1, Integer::sum);
    lines.add(System.nanoTime() / 1_000_000 + " ms " + label + " " + what);
  }

  /** A remark about what was done last. */
  void note(String line) {
    lines.add("  " + line);
  }

  /** Something is not as it must be. */
  void violation(String what) {
    violations.add(what);
  }

  /** The leader of {@code term} is lost from here on, or may be. */
  void leaderLost(long term) {
    lost.add(new LeaderLost(System.nanoTime(), term));
  }

  /** Whether anything was found that is not as it must be. */
  boolean isClean() {
    return violations.isEmpty();
  }

  /** What was done, by kind. */
  Map<String, Integer> injected() {
    return injected;
  }

  /** What was done, in words. */
  List<String> lines() {
    return lines;
  }

  /** What is not as it must be. */
  List<String> violations() {
    return violations;
  }

  /** When leaders were lost, in order. */
  List<LeaderLost> lost() {
    return lost;
  }

  /** When a leader was lost first, if one was. */
  Optional<LeaderLost> firstLost() {
    return lost.stream().findFirst();
  }

  /**
   * Waits for what must happen; that it did not is a violation.
   *
   * @return whether it happened
   */
  boolean await(String what, Duration timeout, BooleanSupplier condition) {
    boolean happened = until(timeout, condition);
    if (!happened) {
      violations.add("did not happen in " + timeout.toSeconds() + " s: " + what);
    }
    return happened;
  }

  /** Waits for what may happen, and says whether it did. */
  static boolean until(Duration timeout, BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadlineNanos >= 0) {
        return false;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    return true;
  }
}
