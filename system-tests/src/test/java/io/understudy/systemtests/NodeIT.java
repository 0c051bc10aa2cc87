package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.HistoryChecker;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two processes that are whatever their VM needs. The number of failovers in a row is the system
 * property {@code node.rounds}.
 */
class NodeIT {
  private static final String VM = "ledger";
  private static final String[] CHECKPOINTS = {"--checkpoint-every", "1s"};

  /** A VM is protected again as soon as the host that failed is back, as often as it takes. */
  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void losesNothingAndIsProtectedAgain_whenHostsFailInTurn() throws Exception {
    Needs.kvm();
    int rounds = Integer.getInteger("node.rounds", 10);
    try (LocalCluster cluster = TestPair.cluster("node-rounds")) {
      TestNodes nodes = new TestNodes(cluster, List.of(VM));
      nodes.start("host-a", "--begin", "--checkpoint-every", "1s");
      nodes.startCoordinator("coordinator");
      nodes.awaitLeader(VM, 1);
      nodes.start("host-b", CHECKPOINTS);
      nodes.awaitFollowing(VM, "host-b", Optional.empty());
      nodes.awaitService(VM);
      String leader = "host-a";
      String standby = "host-b";
      try (IncrTraffic traffic = nodes.traffic(VM, "rounds")) {
        for (int round = 1; round <= rounds; round++) {
          nodes.awaitAcknowledged(traffic, 20);
          final Optional<UUID> killed = nodes.incarnation(VM, leader);

          nodes.process(leader).kill();
          Heartbeat successor = nodes.awaitLeader(VM, round + 1);
          nodes.awaitAcknowledged(traffic, 20);
          nodes.start(leader, CHECKPOINTS);
          Heartbeat repaired = nodes.awaitFollowing(VM, leader, killed);

          assertThat(successor.node()).isEqualTo(standby);
          assertThat(repaired.digestMismatches()).isZero();
          String next = standby;
          standby = leader;
          leader = next;
        }
        HistoryChecker.Result result = nodes.assertNothingLostOrTwice(traffic);
        System.out.println(
            "NodeIT: rounds="
                + rounds
                + " acknowledged="
                + result.acknowledged()
                + " longestPauseMillis="
                + TimeUnit.NANOSECONDS.toMillis(result.longestPauseNanos()));
      }
      assertThat(nodes.divergences()).isEmpty();
    }
  }

  /** The fence decides who begins; whoever lost it follows. */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void oneLeadsAndTheOtherFollows_whenBothBeginAtOnce() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("node-race")) {
      TestNodes nodes = new TestNodes(cluster, List.of(VM));
      nodes.startCoordinator("coordinator");
      nodes.start("host-a", "--begin");
      nodes.start("host-b", "--begin");

      Heartbeat leader = nodes.awaitLeader(VM, 1);
      String other = leader.node().equals("host-a") ? "host-b" : "host-a";
      Heartbeat follower = nodes.awaitFollowing(VM, other, Optional.empty());
      nodes.awaitService(VM);

      assertThat(follower.run()).isEqualTo(nodes.awaitLeader(VM, 1).run());
    }
  }

  /** What a leader did that hung and was replaced is forgotten; it follows by itself. */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void oldLeaderFollowsInTheSameProcess_whenItWakesAfterTakeover() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("node-zombie")) {
      TestNodes nodes = new TestNodes(cluster, List.of(VM));
      ChildJvm zombie = nodes.start("host-a", "--begin");
      nodes.startCoordinator("coordinator");
      nodes.awaitLeader(VM, 1);
      nodes.start("host-b");
      nodes.awaitFollowing(VM, "host-b", Optional.empty());
      nodes.awaitService(VM);
      try (IncrTraffic traffic = nodes.traffic(VM, "zombie")) {
        nodes.awaitAcknowledged(traffic, 50);

        zombie.pause();
        nodes.awaitLeader(VM, 2);
        nodes.awaitAcknowledged(traffic, 20);
        final Optional<UUID> fenced = nodes.incarnation(VM, "host-a");
        zombie.resume();
        Heartbeat follower = nodes.awaitFollowing(VM, "host-a", fenced);
        assertThat(follower.role()).isEqualTo(NodeRole.STANDBY);
        assertThat(zombie.isAlive()).isTrue();

        // And it is as good as any other standby.
        nodes.process("host-b").kill();
        assertThat(nodes.awaitLeader(VM, 3).node()).isEqualTo("host-a");
        nodes.awaitAcknowledged(traffic, 20);
        nodes.assertNothingLostOrTwice(traffic);
      }
      assertThat(nodes.divergences()).isEmpty();
    }
  }
}
