package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.capture.CaptureSettings;
import io.understudy.failover.node.NodeExit.Kind;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.LogExtent;
import io.understudy.log.TopicPublisher;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineParts;
import io.understudy.replay.StartPolicy;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.StandbyOrdered;
import io.understudy.schemas.VmId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What ends real nodes, and what they say it was. */
@RequiresKvm
@Timeout(180)
class NodeEndKvmIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  @TempDir private static Path brokerDirectory;
  private static EmbeddedBroker broker;

  @TempDir private Path directory;
  private VmId vm;
  private OrderBoard orders;
  private Node primary;
  private CompletableFuture<NodeExit> leading;

  /** A way to run a node. */
  private interface Role {
    NodeExit run() throws InterruptedException;
  }

  @BeforeAll
  static void startBroker() {
    EmbeddedBroker.keepJvmAlive();
    broker = EmbeddedBroker.start(brokerDirectory, 0);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void lead(TestInfo test) throws Exception {
    vm = new VmId("end-" + Integer.toHexString(test.getDisplayName().hashCode()));
    orders = new OrderBoard(connection());
    orders.start();
    primary = new Node(settings("a", StartPolicy.AUTO), orders, Watching.byDefault());
    leading =
        start(
            () ->
                primary.runPrimary(
                    new NewRun(
                        GuestImages.LEDGER,
                        new MachineParts(GuestImages.find(GuestImages.LEDGER), null),
                        32 << 20,
                        "",
                        "",
                        Attachments.UART,
                        4,
                        "channels")));
    await(() -> leading.isDone() || primary.hasLed());
    assertThat(leading.isDone()).as("the primary has ended").isFalse();
  }

  @AfterEach
  void stop() throws Exception {
    primary.stop("the test is done");
    leading.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    orders.close();
  }

  /** An end that somebody asked for would let the VM leave its process for good. */
  @Test
  void leaderFails_whenItsConsoleFails() throws Exception {
    primary.consoleFailed(new OutOfMemoryError("test"));

    assertFailed(leading);
  }

  @Test
  void standbyFails_whenItsConsoleFails() throws Exception {
    Node standby = new Node(settings("b", StartPolicy.AUTO), orders, Watching.byDefault());
    CompletableFuture<NodeExit> following = start(standby::runStandby);
    awaitStore("b");

    standby.consoleFailed(new OutOfMemoryError("test"));
    // Whatever ends it in good order afterwards.
    standby.stop("the test is done");

    assertFailed(following);
  }

  /** What is named by --vm is begun at each start of the process. */
  @Test
  void detachedNodeTouchesNothing_whenItIsStarted() throws Exception {
    detach("b");
    OrderBoard fresh = new OrderBoard(connection());
    fresh.start();

    NodeExit exit =
        new Node(settings("b", StartPolicy.AUTO), fresh, Watching.byDefault()).runStandby();

    fresh.close();
    assertThat(exit.kind()).isEqualTo(Kind.DETACHED);
    assertThat(exit.message()).contains("operator: test");
    assertThat(StoreKeeper.storeIn(directory.resolve("b"))).doesNotExist();
  }

  /** It would wait for a primary for ever. */
  @Test
  void nodeLeaves_whenItIsDetachedWhileItWaitsForASnapshot() throws Exception {
    primary.stop("nobody shall take a snapshot");
    leading.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    Node standby = new Node(settings("b", StartPolicy.SNAPSHOT), orders, Watching.byDefault());
    CompletableFuture<NodeExit> following = start(standby::runStandby);
    awaitStore("b");

    detach("b");

    assertThat(following.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).kind())
        .isEqualTo(Kind.DETACHED);
  }

  private static void assertFailed(CompletableFuture<NodeExit> node) throws Exception {
    NodeExit exit = node.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    assertThat(exit.kind()).isEqualTo(Kind.FAILED);
    assertThat(exit.message()).contains("console failed").contains("OutOfMemoryError");
  }

  private void detach(String node) {
    UUID run = LogExtent.of(connection(), vm).run();
    try (TopicPublisher<ControlOrder> control = ControlTopic.publisher(connection(), TIMEOUT)) {
      control.publish(
          new StandbyOrdered(
              vm.text(), run, node, false, UUID.randomUUID(), "test", "operator", 1));
    }
  }

  /** It opens its store when it begins to restore, to copy or to replay. */
  private void awaitStore(String node) throws InterruptedException {
    Path store = StoreKeeper.storeIn(directory.resolve(node));
    await(() -> Files.exists(store.resolve("CURRENT")));
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long begun = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - begun).as("waits").isLessThan(TIMEOUT.toNanos());
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static CompletableFuture<NodeExit> start(Role role) {
    CompletableFuture<NodeExit> exit = new CompletableFuture<>();
    Thread vcpu =
        new Thread(
            () -> {
              try {
                exit.complete(role.run());
              } catch (InterruptedException | RuntimeException | Error failure) {
                exit.completeExceptionally(failure);
              }
            },
            "vcpu");
    vcpu.setDaemon(true);
    vcpu.start();
    return exit;
  }

  private static ClusterConnection connection() {
    return ClusterConnection.of(broker.bootstrapServers());
  }

  private NodeSettings settings(String node, StartPolicy start) {
    SnapshotSettings byDefault = SnapshotSettings.DEFAULT;
    return new NodeSettings(
        vm,
        node,
        connection(),
        directory.resolve(node),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        Duration.ofMillis(100),
        TIMEOUT,
        Duration.ofSeconds(10),
        CaptureSettings.DEFAULT,
        new SnapshotSettings(
            byDefault.cloning(),
            byDefault.keep(),
            start,
            byDefault.replayAtMost(),
            byDefault.retention()),
        Path.of("/dev/kvm"),
        GuestFiles.BUILT_IN,
        "");
  }
}
