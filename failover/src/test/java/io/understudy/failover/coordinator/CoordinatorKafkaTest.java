package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.failover.coordinator.FailoverTimeline.Milestone;
import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.HeartbeatPublisher;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.LogTopics;
import io.understudy.log.TopicFollower;
import io.understudy.log.TopicPublisher;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmId;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The coordinator against a real broker; nodes are heartbeats that the test's loop sends. */
class CoordinatorKafkaTest {
  private static final long MILLI = 1_000_000;
  private static final UUID RUN = new UUID(7, 7);
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private final List<Node> nodes = new ArrayList<>();
  private EmbeddedBroker broker;
  private ClusterConnection connection;
  private Coordinator coordinator;
  private HeartbeatPublisher heartbeats;

  /** A node as others see it. */
  private static final class Node {
    private final String name;
    private final UUID incarnation = UUID.randomUUID();
    private NodeRole role;
    private String phase;
    private long term = 1;
    private boolean silent;
    private long sentNanos;

    private Node(String name, NodeRole role, String phase) {
      this.name = name;
      this.role = role;
      this.phase = phase;
    }

    private void beat(HeartbeatPublisher publisher) {
      if (!silent && System.nanoTime() - sentNanos >= 50 * MILLI) {
        sentNanos = System.nanoTime();
        publisher.publish(
            new Heartbeat(
                "demo",
                RUN,
                name,
                incarnation,
                role,
                phase,
                term,
                10,
                0,
                -1,
                "localhost",
                7000,
                System.currentTimeMillis(),
                1,
                0));
      }
    }
  }

  @BeforeEach
  void startBroker() {
    broker = EmbeddedBroker.start(directory, 0);
    connection = ClusterConnection.of(broker.bootstrapServers());
    try (LogTopics topics = new LogTopics(connection)) {
      topics.createShared();
      topics.create(new VmId("demo"), 2);
    }
    heartbeats = HeartbeatTopic.publisher(connection);
    enter(1, "a");
    nodes.add(new Node("a", NodeRole.PRIMARY, "LIVE"));
    nodes.add(new Node("b", NodeRole.STANDBY, "FOLLOWING"));
    coordinator = Coordinator.open(CoordinatorSettings.of("c1"), connection, VmFront.Factory.NONE);
    coordinator.runOnce();
  }

  @AfterEach
  void stopBroker() {
    coordinator.close();
    heartbeats.close();
    broker.close();
  }

  private void enter(long term, String node) {
    try (TopicPublisher<VmRecord> vms = VmDirectory.publisher(connection, DEADLINE)) {
      vms.publish(
          new VmRecord("demo", RUN, 2, "ledger", 64 << 20, VmStatus.RUNNING, term, node, 1, 1));
    }
  }

  private void until(String what, BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - deadlineNanos)
          .as(() -> what + ": " + coordinator.status())
          .isNegative();
      nodes.forEach(node -> node.beat(heartbeats));
      coordinator.runOnce();
    }
  }

  private CoordinatorStatus.Watched watched() {
    return coordinator.status().vms().get(0);
  }

  @Test
  void ordersAndFollowsAPromotion_andTheStatusShowsIt() {
    until("watching", () -> watched().state() == VmState.WATCHING);
    Node leader = nodes.get(0);
    Node standby = nodes.get(1);
    leader.silent = true;
    until("ordered", () -> watched().state() == VmState.ORDERED);

    try (TopicFollower<ControlOrder> control = ControlTopic.follower(connection, DEADLINE)) {
      PromotionOrdered order = (PromotionOrdered) control.current().get("demo");
      assertThat(order.toNode()).isEqualTo("b");
      assertThat(order.fromTerm()).isEqualTo(1);
    }
    standby.phase = NodePhase.FENCING.name();
    until(
        "fencing",
        () -> watched().failovers().get(0).sinceLastSign().containsKey(Milestone.FENCING));
    standby.role = NodeRole.PRIMARY;
    standby.term = 2;
    standby.phase = NodePhase.LIVE.name();
    enter(2, "b");
    until("the new leader", () -> watched().state() == VmState.WATCHING);
    assertThat(watched().leader()).contains("b");

    ClusterStatus status = ClusterStatus.collect(connection, Duration.ofMillis(200));
    ClusterStatus.Vm vm = status.vms().get(0);
    assertThat(vm.term()).isEqualTo(2);
    assertThat(vm.leader()).contains("b");
    assertThat(vm.logEnd().orElseThrow().offsets()).containsOnlyKeys(0, 1);
    assertThat(vm.nodes()).hasSize(2);
    assertThat(vm.views()).extracting(ClusterStatus.View::state).containsExactly("WATCHING");
    assertThat(status.coordinators())
        .extracting(ClusterStatus.Observer::name)
        .containsExactly("c1");
  }

  @Test
  void ordersNothing_whenTheBrokerIsAwayForLongerThanTheTimeout() {
    until("watching", () -> watched().state() == VmState.WATCHING);
    int port = broker.port();
    broker.close();
    long awayUntil = System.nanoTime() + 4000 * MILLI;
    until("the outage is over", () -> System.nanoTime() - awayUntil >= 0);
    assertThat(coordinator.status().clusterSteady()).isFalse();
    broker = EmbeddedBroker.start(directory, port);
    until("watching again", () -> watched().state() == VmState.WATCHING);
    long calmUntil = System.nanoTime() + 2000 * MILLI;
    until("two seconds later", () -> System.nanoTime() - calmUntil >= 0);

    assertThat(watched().state()).isEqualTo(VmState.WATCHING);
    assertThat(watched().order()).isEmpty();
    assertThat(watched().failovers()).isEmpty();
    try (TopicFollower<ControlOrder> control = ControlTopic.follower(connection, DEADLINE)) {
      assertThat(control.current()).isEmpty();
    }
  }
}
