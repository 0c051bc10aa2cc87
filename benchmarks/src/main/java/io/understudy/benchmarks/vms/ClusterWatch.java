package io.understudy.benchmarks.vms;

import io.understudy.failover.coordinator.NodePhase;
import io.understudy.log.ClusterConnection;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.TopicFollower;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Protection;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Knows from heartbeats who leads and follows, and whether that has changed. Listens only while it
 * is asked, so that nothing that is measured serves it. Owned by one thread.
 */
final class ClusterWatch {
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(50);

  private final ClusterConnection connection;
  private final List<String> vms;
  private final Duration timeout;
  private final Map<Seat, Occupant> expected = new HashMap<>();

  /** Watches {@code vms}; nothing may take longer than {@code timeout}. */
  ClusterWatch(ClusterConnection connection, List<String> vms, Duration timeout) {
    this.connection = connection;
    this.vms = List.copyOf(vms);
    this.timeout = timeout;
  }

  /** A node of a VM. */
  private record Seat(String vm, String node) {}

  /** What it is, in which process and term. */
  private record Occupant(NodeRole role, UUID incarnation, long term) {
    static Occupant of(Heartbeat beat) {
      return new Occupant(beat.role(), beat.incarnation(), beat.term());
    }
  }

  /** Waits until {@code node} leads all VMs and serves, and expects it to go on. */
  void awaitLed(String node) {
    keep(node, await(node, ClusterWatch::leads, "leads"));
  }

  /** Waits until {@code leader} says that all VMs are protected, by {@code standby}. */
  void awaitProtected(String leader, String standby) {
    await(leader, beat -> leads(beat) && beat.protection() == Protection.PROTECTED, "is protected");
    keep(standby, await(standby, NodePhase::canLead, "follows"));
  }

  /**
   * Checks that every node is what it was.
   *
   * @return VMs whose leader says that their standby is not close enough
   * @throws IllegalStateException if a node is something else, or silent
   */
  int requireUnchanged() {
    try (TopicFollower<Heartbeat> beats = HeartbeatTopic.follower(connection, OPEN_TIMEOUT)) {
      Map<Seat, Heartbeat> heard =
          listen(beats, seats -> seats.keySet().containsAll(expected.keySet()));
      expected.forEach((seat, occupant) -> requireSame(seat, occupant, heard.get(seat)));
      boolean hasStandbys = expected.size() > vms.size();
      return (int)
          heard.values().stream()
              .filter(beat -> beat.role() == NodeRole.PRIMARY && hasStandbys)
              .filter(beat -> beat.protection() != Protection.PROTECTED)
              .count();
    }
  }

  private static void requireSame(Seat seat, Occupant expected, Heartbeat beat) {
    if (beat == null) {
      throw new IllegalStateException("a node is silent: vm=" + seat.vm() + " node=" + seat.node());
    }
    boolean isRight = beat.role() == NodeRole.PRIMARY ? leads(beat) : NodePhase.canLead(beat);
    if (!Occupant.of(beat).equals(expected) || !isRight || beat.digestMismatches() > 0) {
      throw new IllegalStateException(
          "a node is not what it was when the measurement began: expected="
              + expected
              + " actual="
              + beat);
    }
  }

  private void keep(String node, Map<Seat, Heartbeat> heard) {
    heard.forEach(
        (seat, beat) -> {
          if (seat.node().equals(node)) {
            expected.put(seat, Occupant.of(beat));
          }
        });
  }

  private Map<Seat, Heartbeat> await(String node, Predicate<Heartbeat> condition, String what) {
    Predicate<Map<Seat, Heartbeat>> holds =
        heard ->
            vms.stream()
                .map(vm -> heard.get(new Seat(vm, node)))
                .allMatch(beat -> beat != null && condition.test(beat));
    try (TopicFollower<Heartbeat> beats = HeartbeatTopic.follower(connection, OPEN_TIMEOUT)) {
      Map<Seat, Heartbeat> heard = listen(beats, holds);
      if (!holds.test(heard)) {
        throw new IllegalStateException(
            "did not happen in time: node="
                + node
                + " "
                + what
                + " vms="
                + vms
                + " heard="
                + heard.values());
      }
      return heard;
    }
  }

  /**
   * The newest heartbeats that came while this listened: until it has heard enough, or too long.
   */
  private Map<Seat, Heartbeat> listen(
      TopicFollower<Heartbeat> beats, Predicate<Map<Seat, Heartbeat>> isEnough) {
    Map<Seat, Heartbeat> heard = new HashMap<>();
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    while (!isEnough.test(heard) && System.nanoTime() - deadlineNanos < 0) {
      for (Heartbeat beat : beats.poll(POLL)) {
        if (beat.role() != NodeRole.COORDINATOR) {
          heard.put(new Seat(beat.vm(), beat.node()), beat);
        }
      }
    }
    return heard;
  }

  private static boolean leads(Heartbeat beat) {
    return beat.role() == NodeRole.PRIMARY && NodePhase.of(beat) == NodePhase.LIVE;
  }
}
