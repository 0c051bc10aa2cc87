package io.understudy.systemtests.faults;

import io.understudy.log.CrashPoint;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * One VM from power-on through its faults to the judgement. Owned by the thread that calls {@link
 * #execute}.
 */
final class FaultRun {
  /** Nothing takes so long, even on a host that does much else. */
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private static final int CLIENTS = 4;
  private static final int REPLIES_BEFORE = 10;
  private static final int REPLIES_AFTER = 20;
  private static final int DISK_MIB = 48;
  private static final int EXIT_FENCED = 5;
  private static final int EXIT_LOG = 6;
  private static final int EXIT_REFUSED = 7;
  private static final int EXIT_KILLED = 137;

  private final Schedule schedule;
  private final String vm;
  private final Brokers brokers;
  private final BeatLog beats;
  private final Path directory;
  private final List<String> violations = new ArrayList<>();

  /**
   * What came of a run.
   *
   * @param schedule what was planned
   * @param violations what is wrong, empty when all is well
   * @param injected what the nemesis did
   * @param failover how long the failover took, if there was one to be measured
   * @param seen what clients saw
   * @param terms leaderships
   * @param diary what happened, for people
   * @param seconds how long all took
   */
  record Result(
      Schedule schedule,
      List<String> violations,
      Map<FaultKind, Integer> injected,
      Optional<FailoverTimes> failover,
      Workload.Seen seen,
      int terms,
      List<String> diary,
      double seconds) {}

  FaultRun(Schedule schedule, String vm, Brokers brokers, BeatLog beats, Path directory) {
    this.schedule = schedule;
    this.vm = vm;
    this.brokers = brokers;
    this.beats = beats;
    this.directory = directory;
  }

  /** Runs everything. Whatever goes wrong is in the result. */
  Result execute() throws InterruptedException {
    long start = System.nanoTime();
    boolean ownDisk = schedule.main() == FaultKind.FULL_DISK;
    Path disk = directory.resolve(VmProcesses.name(1));
    try {
      Files.createDirectories(directory);
      if (ownDisk) {
        Damage.mount(disk, DISK_MIB);
      }
      beats.watch(vm);
      try (VmProcesses processes =
          new VmProcesses(
              vm,
              brokers,
              directory,
              NodeCommands.byRole(),
              schedule.main() == FaultKind.CLOCK_JUMP)) {
        return execute(processes, start);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use a run's directory: directory=" + directory, e);
    } finally {
      if (ownDisk) {
        Damage.unmount(disk);
      }
    }
  }

  private Result execute(VmProcesses processes, long start) throws InterruptedException {
    processes.startAll(schedule.crash());
    Nemesis nemesis = new Nemesis(schedule, vm, processes, brokers, beats);
    Workload.Seen seen;
    LogJudge.Verdict verdict;
    try (Workload workload =
        Workload.start(vm, processes.frontPort(), CLIENTS, schedule.seed(), TIMEOUT)) {
      await(processes, "clients are served", () -> workload.fewestReplies() >= REPLIES_BEFORE);
      await(processes, "the standby follows", () -> beats.newest(VmProcesses.name(1)).isPresent());
      if (violations.isEmpty()) {
        nemesis.run();
        violations.addAll(nemesis.violations());
        recover(processes, workload);
      }
      seen = workload.stop();
    }
    violations.addAll(seen.violations());
    List<VmProcesses.Ended> ended = processes.ended();
    ended.forEach(this::checkEnd);
    processes.close();
    violations.addAll(beats.violations());
    violations.addAll(LinearizabilityChecker.check(seen.operations()));
    verdict = LogJudge.judge(brokers.connection(), vm, seen.traces());
    violations.addAll(verdict.violations());
    checkRefusal(verdict.refusal());
    List<String> diary = new ArrayList<>(nemesis.diary());
    ended.forEach(end -> diary.add("  ended: " + end.name() + " code=" + end.code()));
    Result result =
        new Result(
            schedule,
            violations,
            new EnumMap<>(nemesis.injected()),
            nemesis
                .lost()
                .flatMap(
                    lost ->
                        FailoverTimes.of(lost, beats, processes.promotions(), seen.operations())),
            seen,
            verdict.terms(),
            diary,
            (System.nanoTime() - start) / 1e9);
    writeEvidence(result);
    return result;
  }

  /** Everything is made whole; then clients must be served and a standby must follow. */
  private void recover(VmProcesses processes, Workload workload) {
    brokers.heal();
    if (schedule.main().endsTheLog()) {
      int before = workload.fewestReplies();
      await(
          processes,
          "the leader serves although its log is damaged",
          () -> workload.fewestReplies() >= before + REPLIES_AFTER);
      return;
    }
    processes.revive();
    int before = workload.fewestReplies();
    await(
        processes,
        "clients are served again",
        () -> {
          processes.revive();
          return workload.fewestReplies() >= before + REPLIES_AFTER;
        });
    long target = beats.leader().map(Heartbeat::epoch).orElse(0L);
    await(
        processes,
        "a standby follows again: epoch=" + target,
        () -> {
          processes.revive();
          return follows(processes, target);
        });
  }

  private boolean follows(VmProcesses processes, long target) {
    Optional<Heartbeat> leader = beats.leader();
    if (leader.isEmpty()) {
      return false;
    }
    int other = 1 - VmProcesses.number(leader.get().node());
    return processes.node(other).isAlive()
        && beats
            .newest(VmProcesses.name(other))
            .filter(beat -> beat.role() == NodeRole.STANDBY && beat.epoch() >= target)
            .isPresent();
  }

  private void await(VmProcesses processes, String what, BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + TIMEOUT.toNanos();
    while (violations.isEmpty() && !condition.getAsBoolean()) {
      if (System.nanoTime() - deadlineNanos >= 0) {
        violations.add(
            "did not happen in " + TIMEOUT.toSeconds() + " s: " + what + "\n" + processes.tails());
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private void checkEnd(VmProcesses.Ended end) {
    boolean expected =
        switch (end.code()) {
          case EXIT_KILLED, EXIT_FENCED -> true;
          case CrashPoint.EXIT_CODE -> schedule.main() == FaultKind.CRASH_POINT;
          case EXIT_LOG ->
              switch (schedule.main()) {
                case FOREIGN_RECORD, DAMAGED_SEGMENT, DAMAGED_CHECKPOINT -> true;
                // Kafka's clients count their timeouts on the wall clock.
                case CLOCK_JUMP -> true;
                default -> false;
              };
          case EXIT_REFUSED ->
              schedule.main() == FaultKind.DAMAGED_CHECKPOINT
                  || schedule.main() == FaultKind.FULL_DISK;
          default -> false;
        };
    if (!expected) {
      violations.add("unexpected end of a process: " + end);
    }
  }

  private void checkRefusal(String refusal) {
    if (schedule.main().endsTheLog() && refusal.isEmpty()) {
      violations.add("a damaged log was read to its end");
    }
    if (!schedule.main().endsTheLog() && !refusal.isEmpty()) {
      violations.add("the log was refused: " + refusal);
    }
  }

  private void writeEvidence(Result result) {
    StringBuilder history = new StringBuilder();
    result.seen().operations().forEach(operation -> history.append(operation).append('\n'));
    try {
      Files.writeString(directory.resolve("history.txt"), history);
      Files.writeString(directory.resolve("heartbeats.txt"), beats.describe());
      Files.writeString(
          directory.resolve("violations.txt"), String.join("\n", result.violations()) + "\n");
      Files.writeString(directory.resolve("nemesis.txt"), String.join("\n", result.diary()) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write evidence: directory=" + directory, e);
    }
  }
}
