package io.understudy.systemtests.faults;

import io.understudy.log.CrashPoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

  /** What a command says that was started while no broker answered. */
  private static final String NO_KAFKA = "Kafka cluster does not answer";

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
   * @param injected what was done, by kind
   * @param crashPoints those that a process came to, by name
   * @param failovers how long failovers took, those that can be measured
   * @param seen what clients saw
   * @param terms leaderships
   * @param diary what happened, for people
   * @param seconds how long all took
   */
  record Result(
      Schedule schedule,
      List<String> violations,
      Map<String, Integer> injected,
      Map<String, Integer> crashPoints,
      List<FailoverTimes> failovers,
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
    boolean ownDisk =
        schedule.main() == FaultKind.FULL_DISK || schedule.main() == FaultKind.FULL_STORE;
    Path disk = directory.resolve(VmProcesses.name(1));
    try {
      Files.createDirectories(directory);
      if (ownDisk) {
        Damage.mount(disk, DISK_MIB);
      }
      beats.watch(vm);
      try (VmProcesses processes = new VmProcesses(vm, brokers, directory, schedule, beats)) {
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
    Assault.Scene scene = new Assault.Scene(schedule, vm, processes, brokers, beats, new Diary());
    Diary diary = scene.diary();
    processes.startAll(schedule.crash());
    Workload.Seen seen;
    try (Workload workload =
        Workload.start(vm, processes.frontPort(), CLIENTS, schedule.seed(), TIMEOUT)) {
      boolean begun =
          diary.await(
              "clients are served", TIMEOUT, () -> workload.fewestReplies() >= REPLIES_BEFORE);
      begun &=
          diary.await(
              "the standby follows", TIMEOUT, () -> beats.newest(VmProcesses.name(1)).isPresent());
      if (begun) {
        scene.assault().run(workload);
        recover(scene, workload);
      } else {
        diary.note(processes.tails());
      }
      seen = workload.stop();
    }
    violations.addAll(diary.violations());
    violations.addAll(seen.violations());
    List<VmProcesses.Ended> ended = processes.ended();
    ended.forEach(this::checkEnd);
    processes.close();
    violations.addAll(beats.violations(schedule.main() == FaultKind.FLIPPED_MEMORY));
    violations.addAll(LinearizabilityChecker.check(seen.operations()));
    LogJudge.Verdict verdict = LogJudge.judge(brokers.connection(), vm, seen.traces());
    violations.addAll(verdict.violations());
    checkRefusal(verdict.refusal());
    ended.forEach(end -> diary.note("ended: " + end.name() + " code=" + end.code()));
    Map<Long, String> promotions = processes.promotions();
    Result result =
        new Result(
            schedule,
            violations,
            diary.injected(),
            processes.crashPointsReached(),
            diary.lost().stream()
                .map(lost -> FailoverTimes.of(lost, beats, promotions, seen.operations()))
                .flatMap(Optional::stream)
                .toList(),
            seen,
            verdict.terms(),
            diary.lines(),
            (System.nanoTime() - start) / 1e9);
    writeEvidence(result);
    return result;
  }

  /** Everything is made whole; then clients must be served and the standbys must follow. */
  private void recover(Assault.Scene scene, Workload workload) {
    brokers.heal();
    scene.processes().heal();
    if (!schedule.main().endsTheLog()) {
      new Recovery(scene).await(workload, REPLIES_AFTER);
      return;
    }
    int before = workload.fewestReplies();
    scene
        .diary()
        .await(
            "the leader serves although its log is damaged",
            TIMEOUT,
            () -> workload.fewestReplies() >= before + REPLIES_AFTER);
  }

  private void checkEnd(VmProcesses.Ended end) {
    boolean expected =
        switch (end.code()) {
          case EXIT_KILLED -> true;
          // A node process follows whoever has fenced it.
          case EXIT_FENCED -> !schedule.cast().byNode();
          case CrashPoint.EXIT_CODE -> schedule.crash().isPresent();
          case EXIT_LOG ->
              switch (schedule.main()) {
                case FOREIGN_RECORD, DAMAGED_SEGMENT, DAMAGED_CHECKPOINT -> true;
                // Kafka's clients count their timeouts on the wall clock.
                case CLOCK_JUMP -> true;
                default -> schedule.hidesKafka() && end.last().contains(NO_KAFKA);
              };
          case EXIT_REFUSED ->
              schedule.main() == FaultKind.DAMAGED_CHECKPOINT
                  || schedule.main() == FaultKind.FULL_DISK
                  || schedule.main() == FaultKind.FULL_STORE;
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
