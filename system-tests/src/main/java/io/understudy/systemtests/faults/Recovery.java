package io.understudy.systemtests.faults;

import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Protection;
import java.time.Duration;
import java.util.Optional;

/**
 * Waits until all is well again: clients are served, every node but the leader follows it closely,
 * and the leader says that it is protected. What died meanwhile is started. Owned by the run's
 * thread.
 */
final class Recovery {
  /** Nothing takes so long, even on a host that does much else. */
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private final VmProcesses processes;
  private final BeatLog beats;
  private final Diary diary;

  Recovery(Assault.Scene scene) {
    this.processes = scene.processes();
    this.beats = scene.beats();
    this.diary = scene.diary();
  }

  /**
   * Waits; that it takes too long is a violation.
   *
   * @param replies that each client must get from now on
   */
  void await(Workload workload, int replies) {
    int before = workload.fewestReplies();
    boolean served =
        diary.await(
            "clients are served again",
            TIMEOUT,
            () -> {
              processes.revive();
              return workload.fewestReplies() >= before + replies;
            });
    // One more, so that what a dead process said last does not count.
    long target = beats.leader().map(Heartbeat::epoch).orElse(0L) + 1;
    boolean followed =
        served
            && diary.await(
                "all standbys follow again: epoch=" + target,
                TIMEOUT,
                () -> {
                  processes.revive();
                  return allFollow(target);
                });
    if (!followed) {
      diary.note(processes.tails());
    }
  }

  /** Waits until a node has written a checkpoint; whether it has. */
  boolean awaitCheckpoint(int node) {
    String name = VmProcesses.name(node);
    return diary.await(
        "a checkpoint is written: node=" + name, TIMEOUT, () -> beats.hasCheckpoint(name));
  }

  /** Kills the node that leads, and waits until a standby that was broken leads. */
  void failOver(int leading, int standby) {
    long term = beats.leader().map(Heartbeat::term).orElse(0L);
    diary.leaderLost(term);
    processes.node(leading).kill();
    String name = VmProcesses.name(standby);
    diary.await(
        "the standby leads that was broken: node=" + name,
        TIMEOUT,
        () ->
            beats
                .leader()
                .filter(beat -> beat.term() > term && beat.node().equals(name))
                .isPresent());
  }

  private boolean allFollow(long target) {
    Optional<Heartbeat> leader =
        beats.leader().filter(beat -> beat.protection() == Protection.PROTECTED);
    if (leader.isEmpty()) {
      return false;
    }
    int leading = VmProcesses.number(leader.get().node());
    for (int node = 0; node < processes.count(); node++) {
      if (node != leading && !follows(node, target)) {
        return false;
      }
    }
    return true;
  }

  private boolean follows(int node, long target) {
    return processes.node(node).isAlive()
        && beats
            .newest(VmProcesses.name(node))
            .filter(beat -> beat.role() == NodeRole.STANDBY && beat.phase().equals("FOLLOWING"))
            .filter(beat -> beat.epoch() >= target)
            .isPresent();
  }
}
