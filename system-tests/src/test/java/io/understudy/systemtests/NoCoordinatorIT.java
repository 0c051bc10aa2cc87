package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.LocalCluster;
import io.understudy.cli.demo.RespClient;
import io.understudy.schemas.Heartbeat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Coordinators can be missing, and be replaced at any moment. */
class NoCoordinatorIT {
  private static final String VM = "ledger";
  private static final String[] ALONE = {"--promote-without-coordinator", "3s"};

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void standbyLeadsByItself_whenThereIsNoCoordinatorEither() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("no-coordinator")) {
      TestNodes nodes = new TestNodes(cluster, List.of(VM));
      nodes.start("host-a", "--begin", ALONE[0], ALONE[1]);
      nodes.awaitLeader(VM, 1);
      nodes.start("host-b", ALONE);
      nodes.awaitFollowing(VM, "host-b", Optional.empty());
      nodes.startCoordinator("first");
      count(nodes, 1);

      nodes.coordinator().kill();
      nodes.process("host-a").kill();
      Heartbeat successor = nodes.awaitLeader(VM, 2);
      assertThat(successor.node()).isEqualTo("host-b");
      assertThat(nodes.process("host-b").lines())
          .anyMatch(line -> line.contains("ordered to take over") && line.contains("by=host-b"));

      nodes.startCoordinator("second");
      count(nodes, 2);
    }
  }

  /** As long as a coordinator is there, it decides. */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void anotherCoordinatorFinishesTheFailover_whenTheFirstDiesInTheMiddle() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("coordinators")) {
      TestNodes nodes = new TestNodes(cluster, List.of(VM));
      nodes.start("host-a", "--begin");
      nodes.awaitLeader(VM, 1);
      nodes.start("host-b");
      nodes.awaitFollowing(VM, "host-b", Optional.empty());
      nodes.startCoordinator("first");
      count(nodes, 1);

      nodes.process("host-a").kill();
      cluster.await(
          () ->
              cluster
                  .beats()
                  .coordinatorView(VM)
                  .filter(view -> !view.phase().startsWith("WATCHING"))
                  .isPresent(),
          "the coordinator notices",
          TestNodes.TIMEOUT);
      nodes.coordinator().kill();
      nodes.startCoordinator("second");

      assertThat(nodes.awaitLeader(VM, 2).node()).isEqualTo("host-b");
      count(nodes, 2);
    }
  }

  private static void count(TestNodes nodes, long expected) throws Exception {
    nodes.awaitService(VM);
    try (RespClient client = RespClient.connect(nodes.port(VM), TestNodes.TIMEOUT)) {
      assertThat(client.incr("count")).isEqualTo(expected);
    }
  }
}
