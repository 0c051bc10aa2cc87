package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.log.CrashPoint;
import io.understudy.log.LogException;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.SnapshotReader;
import io.understudy.log.StoredSnapshot;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A third node, which has nothing, joins with a snapshot of the leader, and the leader dies or
 * freezes while it takes it, or the node while it loads it. The next attempt must succeed, what is
 * in the topic as a snapshot must be one, and the node must be able to lead.
 */
final class CloneCrash implements Assault {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final int JOINER = 2;
  private static final int REPLIES = 20;
  private static final int ATTEMPTS = 3;
  private static final int EXIT_NOT_DONE = 8;
  private static final List<String> BY_SNAPSHOT = List.of("--start", "snapshot");

  private final Schedule schedule;
  private final String vm;
  private final VmProcesses processes;
  private final Brokers brokers;
  private final BeatLog beats;
  private final Diary diary;
  private final Recovery recovery;

  CloneCrash(Scene scene) {
    this.schedule = scene.schedule();
    this.vm = scene.vm();
    this.processes = scene.processes();
    this.brokers = scene.brokers();
    this.beats = scene.beats();
    this.diary = scene.diary();
    this.recovery = new Recovery(scene);
  }

  @Override
  public void run(Workload workload) {
    recovery.await(workload, REPLIES);
    if (!diary.isClean()) {
      return;
    }
    Crash crash = schedule.crash().orElseThrow();
    long term = beats.leader().map(Heartbeat::term).orElse(0L);
    processes.node(JOINER).kill();
    Damage.delete(processes.state(JOINER));
    processes.restart(JOINER, BY_SNAPSHOT, crash.ofJoiner());
    crash.ofLeader().ifPresent(point -> leaderFails(point, term, workload));
    crash.ofJoiner().ifPresent(this::joinerFails);
    recovery.await(workload, REPLIES);
    requireJoined();
    requireWholeSnapshots();
    letItLead(workload);
  }

  private void leaderFails(String point, long term, Workload workload) {
    ChildJvm leader = processes.node(0);
    if (!awaitPoint(leader, point)) {
      return;
    }
    diary.leaderLost(term);
    int before = workload.fewestReplies();
    diary.await(
        "another node leads and serves",
        TIMEOUT,
        () -> beats.isPast(term) && workload.fewestReplies() >= before + REPLIES);
  }

  private void joinerFails(String point) {
    ChildJvm joiner = processes.node(JOINER);
    if (!awaitPoint(joiner, point)) {
      return;
    }
    if (joiner.isAlive()) {
      // It goes on in the middle of what it did.
      joiner.resume();
    } else {
      processes.restart(JOINER, BY_SNAPSHOT, Optional.empty());
    }
  }

  private boolean awaitPoint(ChildJvm process, String point) {
    boolean reached =
        diary.await(
            "crash point is reached: " + process.name() + " " + point,
            TIMEOUT,
            () -> VmProcesses.isDown(process));
    diary.done(FaultKind.CLONE_CRASH.label(), process.name() + " " + point);
    if (reached && !process.isAlive()) {
      int code = process.awaitExit(Duration.ofSeconds(1));
      if (code != CrashPoint.EXIT_CODE) {
        diary.violation("it ended otherwise than by its crash point: " + process.tail());
      }
    }
    return reached;
  }

  private void requireJoined() {
    boolean bySnapshot =
        processes.node(JOINER).lines().stream()
            .anyMatch(
                line ->
                    line.contains("loaded a snapshot") || line.contains("restored a checkpoint"));
    if (!bySnapshot) {
      diary.violation("the node did not join by a snapshot: " + processes.node(JOINER).tail());
    }
  }

  /** Whatever has a manifest is complete and has its hash. */
  private void requireWholeSnapshots() {
    int count = 0;
    try (SnapshotDirectory directory =
        SnapshotDirectory.open(brokers.connection(), new VmId(vm), TIMEOUT)) {
      for (StoredSnapshot snapshot : directory.all()) {
        SnapshotReader.read(brokers.connection(), snapshot, TIMEOUT, (number, content) -> {});
        count++;
      }
    } catch (LogException damaged) {
      diary.violation("a snapshot is not what its manifest says: " + damaged.getMessage());
    }
    diary.note("snapshots that are whole: " + count);
    if (count == 0) {
      diary.violation("there is no snapshot");
    }
  }

  /** On a host that is too busy the coordinator may order another node before it is done. */
  private void letItLead(Workload workload) {
    Optional<String> joiner = Optional.of(VmProcesses.name(JOINER));
    ChildJvm order = null;
    int code = EXIT_NOT_DONE;
    for (int attempt = 1; attempt <= ATTEMPTS && code == EXIT_NOT_DONE; attempt++) {
      order = processes.startSwitch(List.of("--to", VmProcesses.name(JOINER), "--force"));
      code = order.awaitExit(TIMEOUT);
      recovery.await(workload, REPLIES);
    }
    if (code != 0 && !beats.leader().map(Heartbeat::node).equals(joiner)) {
      diary.violation("the node that joined does not lead: " + order.tail());
    }
  }
}
