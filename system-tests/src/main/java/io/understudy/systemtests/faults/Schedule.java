package io.understudy.systemtests.faults;

import io.understudy.log.CrashPoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * What happens to one VM, and when; a function of seed and number of the run alone. Immutable.
 *
 * @param run number of the run
 * @param seed of the clients' choices
 * @param main what the run is about
 * @param steps what the nemesis does, in order of time
 * @param crash where processes fail by themselves
 */
record Schedule(int run, long seed, FaultKind main, List<Step> steps, Optional<Crash> crash) {
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

  /** What may happen beside anything else. */
  private static final FaultKind[] MORE = {
    FaultKind.KILL_PRIMARY,
    FaultKind.PAUSE_PRIMARY,
    FaultKind.HOLE_PRIMARY,
    FaultKind.KILL_STANDBY,
    FaultKind.KILL_COORDINATOR,
    FaultKind.CUT_PRIMARY,
    FaultKind.PAUSE_STANDBY,
    FaultKind.SLOW_NETWORK
  };

  /** Kinds that are judged by what one process says, so nothing else may happen to it. */
  private static final Set<FaultKind> ALONE =
      EnumSet.of(
          FaultKind.CRASH_POINT,
          FaultKind.FOREIGN_RECORD,
          FaultKind.DAMAGED_SEGMENT,
          FaultKind.DAMAGED_CHECKPOINT,
          FaultKind.FULL_DISK);

  private static final int CHANCE_OF_MORE = 2;

  /** Copies the list. */
  Schedule {
    steps = List.copyOf(steps);
  }

  /**
   * One thing that the nemesis does.
   *
   * @param kind what
   * @param atMillis when, counted from the first reply to every client
   * @param holdMillis how long until it is undone
   * @param choice of what the kind leaves open
   */
  record Step(FaultKind kind, long atMillis, long holdMillis, int choice) {}

  /**
   * Where processes fail by themselves.
   *
   * @param ofLeader what the first leader is armed with, if anything
   * @param ofStandby what the first standby is armed with
   */
  record Crash(Optional<String> ofLeader, Optional<String> ofStandby) {}

  /**
   * The schedule of a run.
   *
   * @param kind what it shall be about; when empty the kinds take turns
   */
  static Schedule of(long seed, int run, Optional<FaultKind> kind) {
    Random random = new Random(seed * 1_000_003 + run);
    // The first numbers of generators with similar seeds are similar.
    random.nextLong();
    FaultKind[] kinds = FaultKind.values();
    FaultKind main = kind.orElse(kinds[Math.floorMod(run, kinds.length)]);
    int round = kind.isPresent() ? run : run / kinds.length;
    List<Step> steps = new ArrayList<>();
    steps.add(step(main, 200 + random.nextInt(1200), random));
    boolean pair = main == FaultKind.LOSE_BROKER || random.nextInt(CHANCE_OF_MORE) == 0;
    if (pair && !ALONE.contains(main)) {
      long first = steps.get(0).atMillis();
      FaultKind second = MORE[random.nextInt(MORE.length)];
      steps.add(step(second, first + random.nextInt(3000), random));
    }
    steps.sort(Comparator.comparingLong(Step::atMillis));
    Optional<Crash> crash =
        main == FaultKind.CRASH_POINT ? Optional.of(crash(round, random)) : Optional.empty();
    return new Schedule(run, random.nextLong(), main, steps, crash);
  }

  private static Step step(FaultKind kind, long atMillis, Random random) {
    long hold =
        switch (kind) {
          case KILL_PRIMARY, KILL_STANDBY, KILL_COORDINATOR -> 200 + random.nextInt(1800);
          case PAUSE_PRIMARY ->
              switch (random.nextInt(4)) {
                case 0 -> 50 + random.nextInt(400);
                case 1 -> 500 + random.nextInt(1000);
                default -> 1500 + random.nextInt(3500);
              };
          case KILL_BROKER -> random.nextInt(2500);
          case LOSE_BROKER -> 2000 + random.nextInt(4000);
          case CRASH_POINT -> 200 + random.nextInt(3000);
          case FOREIGN_RECORD, DAMAGED_SEGMENT, DAMAGED_CHECKPOINT -> 0;
          case FULL_DISK -> 1000;
          case CLOCK_JUMP -> 3000;
          default -> 300 + random.nextInt(4000);
        };
    return new Step(kind, atMillis, hold, random.nextInt(1 << 20));
  }

  private static Crash crash(int round, Random random) {
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
        leader, Optional.of(armed(ofStandby, whileFollowing ? 1 + random.nextInt(2) : 1, random)));
  }

  private static String armed(CrashPoint point, int turn, Random random) {
    return point.label() + ":" + turn + ":" + (random.nextInt(3) == 0 ? "stop" : "halt");
  }

  /** For people. */
  String describe() {
    StringBuilder text = new StringBuilder();
    steps.forEach(
        step ->
            text.append(' ')
                .append(step.kind().label())
                .append('@')
                .append(step.atMillis())
                .append('+')
                .append(step.holdMillis()));
    crash.ifPresent(
        where ->
            text.append(" leader=")
                .append(where.ofLeader().orElse("-"))
                .append(" standby=")
                .append(where.ofStandby().orElse("-")));
    return text.substring(1);
  }
}
