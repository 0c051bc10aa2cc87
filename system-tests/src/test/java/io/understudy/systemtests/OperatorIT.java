package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator orders with commands, and what the nodes make of it. */
class OperatorIT {
  private static final String VM = "ledger";
  private static final int NOT_DONE = 8;

  /** Nobody fails here, so nobody may notice more than a pause. */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void leadershipMovesThereAndBack_whenSwitchedOver() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("operator-switch")) {
      TestNodes nodes = pair(cluster);
      try (IncrTraffic traffic = nodes.traffic(VM, "switch")) {
        nodes.awaitAcknowledged(traffic, 50);

        final Optional<UUID> first = nodes.incarnation(VM, "host-a");
        ChildJvm there = switchOnceClose(nodes, "there", "--json");
        assertThat(there.awaitExit(TestNodes.TIMEOUT)).as(there.tail()).isZero();
        assertThat(there.lines()).anyMatch(line -> line.contains("\"to\" : \"host-b\""));
        nodes.awaitAcknowledged(traffic, 50);
        nodes.awaitFollowing(VM, "host-a", first);

        ChildJvm itself = nodes.operator("itself", "switch", "--vm", VM, "--to", "host-b");
        assertThat(itself.awaitExit(TestNodes.TIMEOUT)).as(itself.tail()).isEqualTo(NOT_DONE);

        ChildJvm back = switchOnceClose(nodes, "back", "--to", "host-a");
        assertThat(back.awaitExit(TestNodes.TIMEOUT)).as(back.tail()).isZero();
        System.out.println("OperatorIT: " + there.lines() + " " + back.lines());
        nodes.awaitAcknowledged(traffic, 50);
        assertThat(nodes.awaitLeader(VM, 3).node()).isEqualTo("host-a");
        nodes.assertNothingLostOrTwice(traffic);
      }
      assertThat(nodes.divergences()).isEmpty();
    }
  }

  /** Does what the refusal says: waits, and tries again. On a busy host a standby may trail. */
  private static ChildJvm switchOnceClose(TestNodes nodes, String name, String... options) {
    List<String> arguments = new ArrayList<>(List.of("switch", "--vm", VM));
    arguments.addAll(List.of(options));
    long deadline = System.nanoTime() + TestNodes.TIMEOUT.toNanos();
    for (int tried = 0; ; tried++) {
      ChildJvm command = nodes.operator(name + "-" + tried, arguments.toArray(String[]::new));
      boolean trails =
          command.lines().stream().anyMatch(line -> line.contains("does not follow closely"));
      if (!trails || System.nanoTime() - deadline >= 0) {
        return command;
      }
    }
  }

  /** A pause belongs to the run, whoever leads it; and its time stands still. */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void guestStandsStillUntilItMayGoOn_evenWithAnotherLeader() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("operator-life")) {
      TestNodes nodes = pair(cluster);
      try (IncrTraffic traffic = nodes.traffic(VM, "life")) {
        nodes.awaitAcknowledged(traffic, 50);

        done(nodes.operator("pause", "pause", "--vm", VM, "--reason", "maintenance"));
        Heartbeat paused = awaitPhase(cluster, "PAUSED", 1);
        cluster.listen(Duration.ofSeconds(1));
        Heartbeat later = awaitPhase(cluster, "PAUSED", 1);
        assertThat(later.position()).isEqualTo(paused.position());
        assertThat(later.sentAtMillis()).isGreaterThan(paused.sentAtMillis());

        nodes.process("host-a").kill();
        Heartbeat successor = awaitPhase(cluster, "PAUSED", 2);
        assertThat(successor.node()).isEqualTo("host-b");
        cluster.listen(Duration.ofSeconds(1));
        assertThat(awaitPhase(cluster, "PAUSED", 2).position()).isEqualTo(paused.position());

        done(nodes.operator("resume", "resume", "--vm", VM));
        nodes.awaitAcknowledged(traffic, 50);
        nodes.assertNothingLostOrTwice(traffic);
      }

      Optional<UUID> killed = nodes.incarnation(VM, "host-a");
      nodes.start("host-a");
      nodes.awaitFollowing(VM, "host-a", killed);
      done(nodes.operator("stop", "stop", "--vm", VM, "--reason", "no longer needed"));
      refused(nodes.operator("late", "snapshot", "--vm", VM, "--timeout", "1s"), "no snapshot");
      refused(nodes.operator("trim", "log", "trim", "--vm", VM), "no complete snapshot");
      ChildJvm again = nodes.operator("again", "pause", "--vm", VM);
      assertThat(again.awaitExit(TestNodes.TIMEOUT)).as(again.tail()).isEqualTo(NOT_DONE);
      ChildJvm replay = nodes.operator("replay", "replay", "--vm", VM, "--verify");
      assertThat(replay.awaitExit(TestNodes.TIMEOUT)).as(replay.tail()).isZero();
      // Both wait for a new run, and none has failed.
      assertThat(nodes.process("host-a").isAlive()).isTrue();
      assertThat(nodes.process("host-b").isAlive()).isTrue();
      assertThat(nodes.divergences()).isEmpty();
    }
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void nodeFollowsWhatItIsAttachedTo_andNothingElse() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("operator-attach")) {
      TestNodes nodes = new TestNodes(cluster, List.of(VM));
      nodes.start("host-a", "--begin");
      nodes.startCoordinator("coordinator");
      nodes.awaitLeader(VM, 1);
      nodes.startEmpty("host-b");

      done(nodes.operator("attach", "attach", "--vm", VM, "--node", "host-b"));
      Heartbeat follower = nodes.awaitFollowing(VM, "host-b", Optional.empty());
      assertThat(follower.role()).isEqualTo(NodeRole.STANDBY);

      ChildJvm refused = nodes.operator("refused", "detach", "--vm", VM, "--node", "host-a");
      assertThat(refused.awaitExit(TestNodes.TIMEOUT)).as(refused.tail()).isEqualTo(NOT_DONE);

      done(nodes.operator("detach", "detach", "--vm", VM, "--node", "host-b"));
      ChildJvm status = nodes.operator("status", "status");
      assertThat(status.lines()).anyMatch(line -> line.contains("host-b: detached"));
      assertThat(nodes.process("host-b").isAlive()).isTrue();

      ChildJvm mistyped = nodes.operator("mistyped", "detach", "--vm", VM, "--node", "hots-b");
      done(mistyped);
      assertThat(mistyped.tail()).contains("no node of that name was heard");

      done(nodes.operator("attach-again", "attach", "--vm", VM, "--node", "host-b"));
      nodes.awaitFollowing(VM, "host-b", Optional.of(follower.incarnation()));
    }
  }

  private static TestNodes pair(LocalCluster cluster) {
    TestNodes nodes = new TestNodes(cluster, List.of(VM));
    nodes.start("host-a", "--begin");
    nodes.startCoordinator("coordinator");
    nodes.awaitLeader(VM, 1);
    nodes.start("host-b");
    nodes.awaitFollowing(VM, "host-b", Optional.empty());
    nodes.awaitService(VM);
    return nodes;
  }

  private static Heartbeat awaitPhase(LocalCluster cluster, String phase, long term) {
    List<String> names = List.of("host-a", "host-b");
    cluster.await(
        () ->
            names.stream()
                .flatMap(node -> cluster.beats().newest(VM, node).stream())
                .anyMatch(beat -> beat.term() == term && beat.phase().equals(phase)),
        "a leader is " + phase + " in term " + term,
        TestNodes.TIMEOUT);
    return names.stream()
        .flatMap(node -> cluster.beats().newest(VM, node).stream())
        .filter(beat -> beat.term() == term && beat.phase().equals(phase))
        .findFirst()
        .orElseThrow();
  }

  private static void refused(ChildJvm command, String why) {
    assertThat(command.awaitExit(TestNodes.TIMEOUT)).as(command.tail()).isEqualTo(NOT_DONE);
    assertThat(command.lines()).anyMatch(line -> line.contains(why));
  }

  private static void done(ChildJvm command) {
    assertThat(command.awaitExit(TestNodes.TIMEOUT)).as(command.tail()).isZero();
  }
}
