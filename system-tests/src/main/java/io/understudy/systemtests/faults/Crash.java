package io.understudy.systemtests.faults;

import io.understudy.log.CrashPoint;
import java.util.Optional;
import java.util.Random;

/**
 * Where processes fail by themselves; what they are armed with, if anything. Immutable.
 *
 * @param ofLeader the first leader
 * @param ofStandby the first standby
 * @param ofJoiner the node that joins with a snapshot, where there is one
 */
record Crash(Optional<String> ofLeader, Optional<String> ofStandby, Optional<String> ofJoiner) {
  private static final CrashPoint[] OF_LEADERS = {
    CrashPoint.BEFORE_COMMIT,
    CrashPoint.AFTER_COMMIT,
    CrashPoint.WITHIN_COMMIT,
    CrashPoint.BEFORE_RELEASE,
    CrashPoint.AFTER_RELEASE
  };

  private static final CrashPoint[] OF_STANDBYS = {
    CrashPoint.AFTER_FENCE,
    CrashPoint.BEFORE_CHECKPOINT,
    CrashPoint.AFTER_OPEN,
    CrashPoint.WITHIN_DRAIN,
    CrashPoint.BEFORE_FIRST_RELEASE,
    CrashPoint.AFTER_CHECKPOINT,
    CrashPoint.BEFORE_FENCE,
    CrashPoint.BEFORE_OPEN
  };

  private static final CrashPoint[] OF_CLONES = {
    CrashPoint.BEFORE_MANIFEST,
    CrashPoint.WITHIN_SNAPSHOT_LOAD,
    CrashPoint.AFTER_MANIFEST,
    CrashPoint.BEFORE_SNAPSHOT_STORED,
    CrashPoint.BETWEEN_CLONE_ROUNDS,
    CrashPoint.AFTER_SNAPSHOT_STORED
  };

  private static final CrashPoint[] OF_REPAIRS = {
    CrashPoint.WITHIN_REPAIR, CrashPoint.BEFORE_REPAIRED
  };

  /** The guest has some forty pages that are not zero. */
  private static final int PAGES = 30;

  /** A leader fails, then its successor; or a standby while it follows. */
  static Crash ofFailover(int round, Random random) {
    CrashPoint ofStandby = OF_STANDBYS[Math.floorMod(round, OF_STANDBYS.length)];
    boolean whileFollowing =
        ofStandby == CrashPoint.BEFORE_CHECKPOINT || ofStandby == CrashPoint.AFTER_CHECKPOINT;
    // A leader that died would end what the standby is to fail at.
    Optional<String> leader =
        whileFollowing
            ? Optional.empty()
            : Optional.of(
                armed(
                    OF_LEADERS[Math.floorMod(round, OF_LEADERS.length)],
                    60 + random.nextInt(200),
                    random));
    return new Crash(
        leader,
        Optional.of(armed(ofStandby, whileFollowing ? 1 + random.nextInt(2) : 1, random)),
        Optional.empty());
  }

  /** The leader fails while it sends a snapshot, or who joins with it while it is loaded. */
  static Crash ofClone(int round, Random random) {
    CrashPoint point = OF_CLONES[Math.floorMod(round, OF_CLONES.length)];
    boolean isTarget =
        switch (point) {
          case WITHIN_SNAPSHOT_LOAD, BEFORE_SNAPSHOT_STORED, AFTER_SNAPSHOT_STORED -> true;
          default -> false;
        };
    int turn = point == CrashPoint.WITHIN_SNAPSHOT_LOAD ? 1 + random.nextInt(PAGES) : 1;
    Optional<String> armed = Optional.of(armed(point, turn, random));
    return isTarget
        ? new Crash(Optional.empty(), Optional.empty(), armed)
        : new Crash(armed, Optional.empty(), Optional.empty());
  }

  /** The standby fails while it repairs itself. */
  static Crash ofRepair(int round, Random random) {
    CrashPoint point = OF_REPAIRS[Math.floorMod(round, OF_REPAIRS.length)];
    return new Crash(Optional.empty(), Optional.of(armed(point, 1, random)), Optional.empty());
  }

  /** For people. */
  String describe() {
    return " leader="
        + ofLeader.orElse("-")
        + " standby="
        + ofStandby.orElse("-")
        + ofJoiner.map(point -> " joiner=" + point).orElse("");
  }

  private static String armed(CrashPoint point, int turn, Random random) {
    return point.label() + ":" + turn + ":" + (random.nextInt(3) == 0 ? "stop" : "halt");
  }
}
