package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.schemas.Protection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The disk below the store of a running standby fills up. The standby must say so, its leader must
 * serve on and show that it is unprotected, and with room again there is a standby that can lead.
 */
final class FullStore implements Assault {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final int STANDBY = 1;
  private static final int REPLIES = 20;
  private static final int EXIT_STORE = 7;
  private static final String REASON = "No space left on device";

  private final Schedule schedule;
  private final VmProcesses processes;
  private final BeatLog beats;
  private final Diary diary;
  private final Recovery recovery;
  private final List<Path> ballast = new ArrayList<>();

  FullStore(Scene scene) {
    this.schedule = scene.schedule();
    this.processes = scene.processes();
    this.beats = scene.beats();
    this.diary = scene.diary();
    this.recovery = new Recovery(scene);
  }

  @Override
  public void run(Workload workload) {
    recovery.await(workload, REPLIES);
    boolean kept = diary.isClean() && recovery.awaitCheckpoint(STANDBY);
    if (!kept) {
      return;
    }
    ChildJvm standby = processes.node(STANDBY);
    diary.done(FaultKind.FULL_STORE.label(), standby.name());
    boolean said =
        diary.await(
            "the standby says that its disk is full",
            TIMEOUT,
            () -> {
              fill();
              return standby.lines().stream().anyMatch(line -> line.contains(REASON));
            });
    if (!said) {
      diary.note(standby.tail());
      return;
    }
    requireEnd(standby);
    diary.await(
        "the leader shows that it is unprotected",
        TIMEOUT,
        () ->
            beats.leader().filter(beat -> beat.protection() == Protection.UNPROTECTED).isPresent());
    int before = workload.fewestReplies();
    diary.await(
        "the leader serves on", TIMEOUT, () -> workload.fewestReplies() >= before + REPLIES);
    ballast.forEach(file -> file.toFile().delete());
    recovery.await(workload, REPLIES);
    recovery.failOver(0, STANDBY);
  }

  /** A store reserves room for its log, which would take a minute to be used up. */
  private void fill() {
    Path state = processes.state(STANDBY);
    Damage.files(state).stream()
        .filter(file -> file.toString().endsWith(".log"))
        .forEach(Damage::releaseReserve);
    Path next = state.resolve("ballast-" + ballast.size());
    ballast.add(next);
    Damage.fill(next);
  }

  /** The process of a role ends, a node process tries again. */
  private void requireEnd(ChildJvm standby) {
    if (schedule.cast().byNode()) {
      return;
    }
    if (diary.await("the standby ends", TIMEOUT, () -> !standby.isAlive())) {
      int code = standby.awaitExit(Duration.ofSeconds(1));
      List<String> lines = standby.lines();
      String last = lines.get(lines.size() - 1);
      diary.note("ended: code=" + code + " " + last);
      if (code != EXIT_STORE || !last.contains(REASON)) {
        diary.violation("a standby on a full disk ended otherwise: " + standby.tail());
      }
    }
  }
}
