package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.schemas.Heartbeat;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Strikes a VM in node processes again and again. After each blow what died is started, and then
 * the VM must be served and protected by all of its nodes before the next one comes.
 */
final class NodeChain implements Assault {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final int REPLIES = 20;

  /** An order that is refused, or of which nothing came in time: its target or leader died. */
  private static final int EXIT_REFUSED = 8;

  private static final int EXIT_LOG = 6;

  private final Schedule schedule;
  private final String vm;
  private final VmProcesses processes;
  private final Brokers brokers;
  private final BeatLog beats;
  private final Diary diary;
  private final Recovery recovery;

  NodeChain(Scene scene) {
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
    for (Blow blow : schedule.chain()) {
      if (!diary.isClean()) {
        return;
      }
      rest(blow.delayMillis());
      long began = System.nanoTime();
      strike(blow, workload);
      brokers.heal();
      processes.revive();
      recovery.await(workload, REPLIES);
      diary.note(
          "protected again after "
              + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)
              + " ms, leader "
              + beats.leader().map(beat -> beat.node() + " term " + beat.term()).orElse("none"));
    }
  }

  private void strike(Blow blow, Workload workload) {
    Heartbeat leader = beats.leader().orElseThrow();
    int leading = VmProcesses.number(leader.node());
    Random random = new Random(blow.choice());
    switch (blow.kind()) {
      case KILL_LEADER -> {
        killLeader(blow, leader);
        // The host is back before anybody has noticed, or only when another node leads.
        if (random.nextBoolean()) {
          rest(blow.holdMillis());
        } else {
          awaitSuccessor(leader.term());
        }
      }
      case KILL_LEADER_TWICE -> {
        // Nobody has served in between, so this is no failover to be measured.
        done(blow, leader.node());
        processes.node(leading).kill();
        awaitSuccessor(leader.term());
        beats
            .leader()
            .ifPresent(successor -> processes.node(VmProcesses.number(successor.node())).kill());
        rest(blow.holdMillis());
      }
      case ZOMBIE_LEADER -> {
        diary.leaderLost(leader.term());
        done(blow, leader.node());
        processes.node(leading).pause();
        awaitSuccessor(leader.term());
        serveWithout(workload);
        processes.node(leading).resume();
      }
      case LOST_LEADER -> {
        diary.leaderLost(leader.term());
        done(blow, leader.node());
        network(leading, TcpProxy.Mode.HOLE);
        awaitSuccessor(leader.term());
        serveWithout(workload);
        network(leading, TcpProxy.Mode.WHOLE);
      }
      case SWITCH -> {
        done(blow, "from " + leader.node());
        requireEnd(startSwitch(leading, random), false);
      }
      case SWITCH_AND_KILL -> switchAndKill(blow, leading, random);
      case KILL_BROKER -> {
        int broker = random.nextInt(brokers.count());
        done(blow, "broker " + (broker + 1));
        brokers.process(broker).kill();
        rest(blow.holdMillis());
      }
      case KILL_STANDBY -> {
        int standby = another(leading, random);
        done(blow, VmProcesses.name(standby));
        processes.node(standby).kill();
        rest(blow.holdMillis());
      }
      case KILL_COORDINATOR -> {
        done(blow, "");
        processes.coordinator().kill();
        rest(blow.holdMillis());
      }
      case KILL_ALL -> {
        done(blow, "");
        for (int node = 0; node < processes.count(); node++) {
          processes.node(node).kill();
        }
        rest(blow.holdMillis());
      }
    }
  }

  private void killLeader(Blow blow, Heartbeat leader) {
    diary.leaderLost(leader.term());
    done(blow, leader.node());
    processes.node(VmProcesses.number(leader.node())).kill();
  }

  /** Whatever dies, the order takes effect or not, and the operator is told. */
  private void switchAndKill(Blow blow, int leading, Random random) {
    ChildJvm order = startSwitch(leading, random);
    // The command takes about a second to start, and the switch some hundred milliseconds.
    rest(random.nextInt(2500));
    ChildJvm victim;
    boolean isBroker = false;
    switch (random.nextInt(4)) {
      case 0 -> victim = processes.node(leading);
      case 1 -> victim = processes.node(another(leading, random));
      case 2 -> victim = processes.coordinator();
      default -> {
        isBroker = true;
        victim = brokers.process(random.nextInt(brokers.count()));
      }
    }
    done(blow, "kills " + victim.name());
    victim.kill();
    rest(blow.holdMillis());
    brokers.heal();
    processes.revive();
    requireEnd(order, isBroker);
  }

  private ChildJvm startSwitch(int leading, Random random) {
    List<String> target =
        random.nextBoolean()
            ? List.of("--to", VmProcesses.name(another(leading, random)))
            : List.of();
    return processes.startSwitch(target);
  }

  private void requireEnd(ChildJvm order, boolean brokerDied) {
    int code = order.awaitExit(TIMEOUT);
    List<String> lines = order.lines();
    diary.note("switch: code=" + code + " " + lines.get(lines.size() - 1));
    if (code != 0 && code != EXIT_REFUSED && !(brokerDied && code == EXIT_LOG)) {
      diary.violation("an order ended with a code that it must not have: " + order.tail());
    }
  }

  private void serveWithout(Workload workload) {
    int before = workload.fewestReplies();
    diary.await(
        "clients are served by the successor",
        TIMEOUT,
        () -> workload.fewestReplies() >= before + REPLIES);
  }

  private void awaitSuccessor(long term) {
    diary.await("another node leads: term>" + term, TIMEOUT, () -> beats.isPast(term));
  }

  private int another(int node, Random random) {
    return (node + 1 + random.nextInt(processes.count() - 1)) % processes.count();
  }

  private void network(int node, TcpProxy.Mode mode) {
    processes.network(node).forEach(proxy -> proxy.become(mode));
  }

  private void done(Blow blow, String what) {
    diary.done(blow.kind().label(), vm + " " + what);
  }

  private static void rest(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }
}
