package io.understudy.systemtests.faults;

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
 * @param cast what the VM's nodes are
 * @param chain what follows each other instead of steps
 */
record Schedule(
    int run,
    long seed,
    FaultKind main,
    List<Step> steps,
    Optional<Crash> crash,
    Cast cast,
    List<Blow> chain) {
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

  /** A node process does not end of what ends the process of a role. */
  private static final Set<FaultKind> BY_ROLE = EnumSet.of(FaultKind.FULL_DISK);

  private static final int CHANCE_OF_MORE = 2;

  /** Copies the lists. */
  Schedule {
    steps = List.copyOf(steps);
    chain = List.copyOf(chain);
  }

  /**
   * What the VM's nodes are.
   *
   * @param nodes how many there are
   * @param byNode whether each is an {@code understudy node}, or has a command for each role
   */
  record Cast(int nodes, boolean byNode) {}

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
    if (main.isStaged()) {
      return staged(run, main, round, random);
    }
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
        main == FaultKind.CRASH_POINT
            ? Optional.of(Crash.ofFailover(round, random))
            : Optional.empty();
    long clients = random.nextLong();
    boolean byNode = round % 2 == 1 && !BY_ROLE.contains(main);
    return new Schedule(run, clients, main, steps, crash, new Cast(2, byNode), List.of());
  }

  /** A run with a plot of its own, which has one step. */
  private static Schedule staged(int run, FaultKind main, int round, Random random) {
    Step step = new Step(main, 0, 0, random.nextInt(1 << 20));
    List<Blow> chain = main == FaultKind.NODE_CHAIN ? Blow.chain(random) : List.of();
    Cast cast =
        switch (main) {
          case NODE_CHAIN -> new Cast(random.nextInt(3) == 0 ? 3 : 2, true);
          case CLONE_CRASH -> new Cast(3, true);
          default -> new Cast(2, round % 2 == 0);
        };
    Optional<Crash> crash =
        switch (main) {
          case CLONE_CRASH -> Optional.of(Crash.ofClone(round, random));
          case FLIPPED_MEMORY ->
              round % 3 == 0 ? Optional.empty() : Optional.of(Crash.ofRepair(round, random));
          default -> Optional.empty();
        };
    return new Schedule(run, random.nextLong(), main, List.of(step), crash, cast, chain);
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

  /** Whether a process that is started meanwhile may find no Kafka. */
  boolean hidesKafka() {
    return steps.stream().anyMatch(step -> step.kind().hidesKafka());
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
    crash.ifPresent(where -> text.append(where.describe()));
    chain.forEach(blow -> text.append(' ').append(blow.describe()));
    if (cast.byNode()) {
      text.append(" nodes=").append(cast.nodes());
    }
    return text.substring(1);
  }
}
