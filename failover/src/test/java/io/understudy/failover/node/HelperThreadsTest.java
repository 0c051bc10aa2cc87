package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.capture.CaptureSettings;
import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.HeartbeatPublisher;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.LogTopics;
import io.understudy.log.TopicFollower;
import io.understudy.log.TopicPublisher;
import io.understudy.machine.GuestFiles;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.Life;
import io.understudy.schemas.ControlOrder.LifeOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node's helpers whose work fails with an error: a thread that ends for that is missed by nobody,
 * until its work is needed.
 */
@Timeout(120)
class HelperThreadsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final UUID RUN = new UUID(1, 2);

  @TempDir private static Path directory;
  private static EmbeddedBroker broker;
  private static ClusterConnection connection;

  @BeforeAll
  static void startBroker() {
    EmbeddedBroker.keepJvmAlive();
    broker = EmbeddedBroker.start(directory, 0);
    connection = ClusterConnection.of(broker.bootstrapServers());
    try (LogTopics topics = new LogTopics(connection)) {
      topics.createShared();
    }
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @Test
  void ordersAreHeard_whenOneCouldNotBeObeyed() throws Exception {
    BlockingQueue<UUID> heard = new LinkedBlockingQueue<>();
    try (OrderBoard board = new OrderBoard(connection);
        TopicPublisher<ControlOrder> orders = ControlTopic.publisher(connection, PATIENCE)) {
      board.subscribe(
          order -> {
            throw new OutOfMemoryError("test");
          });
      board.subscribe(order -> heard.add(order.orderId()));
      board.start();
      board.awaitRead(PATIENCE);
      for (int i = 0; i < 3; i++) {
        UUID id = new UUID(3, i);
        orders.publish(new LifeOrdered("vm", RUN, Life.PAUSE, id, "test", "test", 1));

        assertThat(heard.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isEqualTo(id);
      }
    }
  }

  @Test
  void otherNodesAreHeard_whenTheirBeatsCouldNotBeTaken() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    AtomicInteger failed = new AtomicInteger();
    Peers.Listener listener =
        new Peers.Listener() {
          @Override
          public void heard(Heartbeat beat, long nowNanos) {
            if (failed.getAndIncrement() == 0) {
              throw new OutOfMemoryError("test");
            }
            heard.add("beat");
          }

          @Override
          public void turn(long nowNanos, long upToNanos) {
            heard.add("turn");
            throw new OutOfMemoryError("test");
          }
        };
    Duration interval = Duration.ofMillis(50);
    try (Peers peers = new Peers(connection, new VmId("heard"), interval, listener);
        Pulse pulse = pulse("heard")) {
      pulse.start();
      peers.start();

      for (String last : List.of("turn", "beat", "turn")) {
        String what;
        do {
          what = heard.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
          assertThat(what).as("waits for a %s", last).isNotNull();
        } while (!what.equals(last));
      }
    }
    assertThat(failed.get()).isGreaterThan(1);
  }

  @Test
  void nodeGoesOnBeating_whenABeatCouldNotBeMade() {
    try (TopicFollower<Heartbeat> beats = HeartbeatTopic.follower(connection, PATIENCE);
        Pulse pulse = pulse("beating")) {
      pulse.became(RUN, NodeRole.STANDBY, "FOLLOWING", new FailsOnTheTimer());
      pulse.start();
      long begun = System.nanoTime();
      while (beats.poll(Duration.ofMillis(100)).stream()
          .noneMatch(beat -> beat.vm().equals("beating") && beat.term() > 2)) {
        assertThat(System.nanoTime() - begun).as("no beat").isLessThan(PATIENCE.toNanos());
      }
    }
  }

  private static Pulse pulse(String vm) {
    NodeSettings settings =
        new NodeSettings(
            new VmId(vm),
            "a",
            connection,
            Path.of("state"),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            Duration.ofMillis(50),
            PATIENCE,
            PATIENCE,
            CaptureSettings.DEFAULT,
            SnapshotSettings.DEFAULT,
            Path.of("/dev/kvm"),
            GuestFiles.BUILT_IN,
            "");
    HeartbeatPublisher publisher = HeartbeatTopic.publisher(connection);
    return new Pulse(settings, settings.consoleListen(), publisher, NodeRole.STANDBY, "STARTING");
  }

  /** The timer's first beat is the second that asks it. */
  private static final class FailsOnTheTimer implements Pulse.Gauge {
    private int asked;

    @Override
    public long term() {
      asked++;
      if (asked == 2) {
        throw new OutOfMemoryError("test");
      }
      return asked;
    }
  }
}
