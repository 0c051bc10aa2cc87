package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Breaks what the schedule says and repairs it again. Owned by the run's thread. */
final class Nemesis implements Assault {
  /** How long a process may take to find out that something is wrong with its files. */
  private static final Duration REFUSAL_TIMEOUT = Duration.ofSeconds(60);

  private static final Duration CRASH_TIMEOUT = Duration.ofSeconds(40);
  private static final int EXIT_LOG = 6;
  private static final int[] JUMPS_MINUTES = {120, -120, 3 * 24 * 60, -3 * 24 * 60, 40, 0};

  private final Schedule schedule;
  private final String vm;
  private final VmProcesses processes;
  private final Brokers brokers;
  private final BeatLog beats;
  private final Diary diary;

  private record Timed(long atNanos, Runnable action) {}

  Nemesis(Scene scene) {
    this.schedule = scene.schedule();
    this.vm = scene.vm();
    this.processes = scene.processes();
    this.brokers = scene.brokers();
    this.beats = scene.beats();
    this.diary = scene.diary();
  }

  @Override
  public void run(Workload workload) {
    long start = System.nanoTime();
    PriorityQueue<Timed> timeline = new PriorityQueue<>(Comparator.comparingLong(Timed::atNanos));
    for (Schedule.Step step : schedule.steps()) {
      timeline.add(
          new Timed(
              start + TimeUnit.MILLISECONDS.toNanos(step.atMillis()),
              () -> {
                Runnable undo = inject(step);
                timeline.add(
                    new Timed(
                        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(step.holdMillis()),
                        undo));
              }));
    }
    while (!timeline.isEmpty()) {
      Timed next = timeline.poll();
      LockSupport.parkNanos(Math.max(0, next.atNanos() - System.nanoTime()));
      next.action().run();
    }
  }

  private Runnable inject(Schedule.Step step) {
    Random random = new Random(step.choice());
    int leader = leader();
    int standby = 1 - leader;
    return switch (step.kind()) {
      case KILL_PRIMARY -> kill(step, leader, true);
      case KILL_STANDBY -> kill(step, standby, false);
      case KILL_COORDINATOR -> killCoordinator(step);
      case PAUSE_PRIMARY -> {
        leaderLost();
        yield pause(step, processes.node(leader));
      }
      case PAUSE_STANDBY -> pause(step, processes.node(standby));
      case PAUSE_COORDINATOR -> pause(step, processes.coordinator());
      case PAUSE_BROKER -> pause(step, brokers.process(random.nextInt(brokers.count())));
      case KILL_BROKER, LOSE_BROKER -> killBroker(step, random.nextInt(brokers.count()));
      case CUT_PRIMARY -> network(step, processes.network(leader), TcpProxy.Mode.CUT, true);
      case CUT_STANDBY -> network(step, processes.network(standby), TcpProxy.Mode.CUT, false);
      case CUT_COORDINATOR ->
          network(step, processes.coordinatorNetwork(), TcpProxy.Mode.CUT, false);
      case HOLE_PRIMARY -> network(step, processes.network(leader), TcpProxy.Mode.HOLE, true);
      case SLOW_NETWORK -> slow(step, 2 + random.nextInt(60));
      case FOREIGN_RECORD -> foreignRecord(step, standby, random);
      case DAMAGED_SEGMENT -> damagedSegment(step, standby, random);
      case DAMAGED_CHECKPOINT -> damagedCheckpoint(step, standby, random);
      case FULL_DISK -> fullDisk(step, standby);
      case CLOCK_JUMP -> clockJump(step, random);
      case CRASH_POINT -> crash(step);
      case CUT_FRONT -> front(step, leader, TcpProxy.Mode.CUT);
      case HOLE_FRONT -> front(step, leader, TcpProxy.Mode.HOLE);
      case NODE_CHAIN, CLONE_CRASH, FLIPPED_MEMORY, FULL_STORE ->
          throw new IllegalStateException("no step: " + step);
    };
  }

  private int leader() {
    return beats.leader().map(Heartbeat::node).map(VmProcesses::number).orElse(0);
  }

  private Runnable kill(Schedule.Step step, int node, boolean leads) {
    if (!processes.node(node).isAlive()) {
      return () -> {};
    }
    if (leads) {
      leaderLost();
    }
    done(step, VmProcesses.name(node));
    processes.node(node).kill();
    return () -> {
      if (!processes.node(node).isAlive()) {
        processes.restart(node);
      }
    };
  }

  private Runnable killCoordinator(Schedule.Step step) {
    done(step, "");
    processes.coordinator().kill();
    return () -> {
      if (!processes.coordinator().isAlive()) {
        processes.startCoordinator();
      }
    };
  }

  private Runnable pause(Schedule.Step step, ChildJvm process) {
    if (VmProcesses.isDown(process)) {
      return () -> {};
    }
    done(step, process.name());
    process.pause();
    return () -> {
      if (process.isAlive()) {
        process.resume();
      }
    };
  }

  private Runnable killBroker(Schedule.Step step, int broker) {
    if (!brokers.process(broker).isAlive()) {
      return () -> {};
    }
    done(step, "broker " + (broker + 1));
    brokers.process(broker).kill();
    return () -> {
      if (!brokers.process(broker).isAlive()) {
        brokers.restart(broker);
      }
    };
  }

  private Runnable network(
      Schedule.Step step, List<TcpProxy> network, TcpProxy.Mode mode, boolean leads) {
    if (leads) {
      leaderLost();
    }
    done(step, mode.toString());
    network.forEach(proxy -> proxy.become(mode));
    return () -> network.forEach(proxy -> proxy.become(TcpProxy.Mode.WHOLE));
  }

  /** Of nobody's death: the leader leads on, and clients wait. */
  private Runnable front(Schedule.Step step, int leader, TcpProxy.Mode mode) {
    return network(step, processes.frontNetwork().of(leader), mode, false);
  }

  private Runnable slow(Schedule.Step step, int millis) {
    List<TcpProxy> all = new ArrayList<>(processes.coordinatorNetwork());
    for (int node = 0; node < processes.count(); node++) {
      all.addAll(processes.network(node));
    }
    done(step, millis + " ms");
    all.forEach(proxy -> proxy.delay(millis));
    return () -> all.forEach(proxy -> proxy.delay(0));
  }

  private Runnable foreignRecord(Schedule.Step step, int standby, Random random) {
    done(step, Damage.foreignRecord(brokers.connection(), vm, random));
    requireRefusal(step, standby, false);
    return () -> {};
  }

  /** A segment is damaged while the standby is down and has nothing of its own. */
  private Runnable damagedSegment(Schedule.Step step, int standby, Random random) {
    processes.node(standby).kill();
    Damage.delete(processes.state(standby));
    Path segment =
        brokers
            .data(0)
            .resolve("understudy." + vm + ".events.v1-" + random.nextInt(4))
            .resolve("00000000000000000000.log");
    // In the first half: nobody appends there.
    long offset = random.nextInt((int) (segment.toFile().length() / 2));
    int mask = 1 << random.nextInt(8);
    done(step, segment.getParent().getFileName() + " offset " + offset + " mask " + mask);
    Damage.flip(segment, offset, mask);
    processes.restart(standby);
    requireRefusal(step, standby, true);
    if (processes.node(standby).isAlive()) {
      processes.node(standby).kill();
    }
    Damage.flip(segment, offset, mask);
    return () -> processes.restart(standby);
  }

  /** Bytes of the store are damaged; an older checkpoint, or a refusal, are both right. */
  private Runnable damagedCheckpoint(Schedule.Step step, int standby, Random random) {
    await("the standby writes a checkpoint", () -> beats.hasCheckpoint(VmProcesses.name(standby)));
    processes.node(standby).kill();
    List<Path> files =
        Damage.files(processes.state(standby)).stream()
            .filter(file -> !file.getFileName().toString().startsWith("LOG"))
            .toList();
    Path file = files.get(random.nextInt(files.size()));
    int count = 1 + random.nextInt(16);
    for (int index = 0; index < count; index++) {
      Damage.flip(file, random.nextInt((int) file.toFile().length()), 1 << random.nextInt(8));
    }
    done(step, file.getFileName() + " bytes " + count);
    processes.restart(standby);
    requireRefusal(step, standby, true);
    return () -> {
      if (!processes.node(standby).isAlive()) {
        Damage.delete(processes.state(standby));
        processes.restart(standby);
      }
    };
  }

  /** The store has reserved some room, so that only a new process finds out at once. */
  private Runnable fullDisk(Schedule.Step step, int standby) {
    Path ballast = processes.state(standby).resolve("ballast");
    done(step, VmProcesses.name(standby));
    Damage.fill(ballast);
    processes.node(standby).kill();
    Damage.fill(ballast.resolveSibling("ballast-2"));
    processes.restart(standby);
    requireRefusal(step, standby, true);
    return () -> {
      ballast.toFile().delete();
      ballast.resolveSibling("ballast-2").toFile().delete();
      if (!processes.node(standby).isAlive()) {
        processes.restart(standby);
      }
    };
  }

  private Runnable clockJump(Schedule.Step step, Random random) {
    StringBuilder what = new StringBuilder();
    for (String process : List.of(VmProcesses.name(0), VmProcesses.name(1), "coordinator")) {
      int minutes = JUMPS_MINUTES[random.nextInt(JUMPS_MINUTES.length)];
      what.append(process).append(' ').append(minutes).append(" min ");
      processes.setClock(process, TimeUnit.MINUTES.toSeconds(minutes));
    }
    done(step, what.toString().trim());
    return () -> {
      processes.setClock(VmProcesses.name(0), 0);
      processes.setClock(VmProcesses.name(1), 0);
      processes.setClock("coordinator", 0);
    };
  }

  private Runnable crash(Schedule.Step step) {
    Crash crash = schedule.crash().orElseThrow();
    crash.ofLeader().ifPresent(point -> reached(step, 0, point));
    crash.ofStandby().ifPresent(point -> reached(step, 1, point));
    return () -> {};
  }

  private void reached(Schedule.Step step, int node, String point) {
    ChildJvm process = processes.node(node);
    await(
        "crash point is reached: " + VmProcesses.name(node) + " " + point,
        () -> VmProcesses.isDown(process));
    done(step, VmProcesses.name(node) + " " + point);
  }

  /** The node ends because of the damage; or it follows all the same, where that can be. */
  private void requireRefusal(Schedule.Step step, int node, boolean mayFollow) {
    ChildJvm process = processes.node(node);
    String name = VmProcesses.name(node);
    long target = beats.leader().map(Heartbeat::epoch).orElse(0L);
    long since = System.nanoTime();
    BooleanSupplier follows =
        () ->
            mayFollow
                && System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(500)
                && beats
                    .newest(name)
                    .filter(beat -> beat.role() == NodeRole.STANDBY && beat.epoch() >= target)
                    .isPresent();
    if (!Diary.until(REFUSAL_TIMEOUT, () -> !process.isAlive() || follows.getAsBoolean())) {
      diary.violation(
          step.kind().label() + ": the node neither refuses nor follows: " + process.tail());
    } else if (process.isAlive()) {
      diary.note("follows all the same");
    } else {
      List<String> lines = process.lines();
      diary.note("refused: " + lines.get(lines.size() - 1));
      int code = process.awaitExit(Duration.ofSeconds(1));
      if (step.kind() == FaultKind.FOREIGN_RECORD && code != EXIT_LOG) {
        diary.violation("exit code of a node that finds a foreign record: " + code);
      }
    }
  }

  private void await(String what, BooleanSupplier condition) {
    diary.await(what, CRASH_TIMEOUT, condition);
  }

  /** The first time counts: what comes later has several causes. */
  private void leaderLost() {
    if (diary.firstLost().isEmpty()) {
      diary.leaderLost(beats.leader().map(Heartbeat::term).orElse(0L));
    }
  }

  private void done(Schedule.Step step, String what) {
    diary.done(step.kind().label(), what);
  }
}
