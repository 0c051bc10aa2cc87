package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedTopicsTest {
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private final ClusterConnection connection = TestBroker.connection();
  private final UUID run = UUID.randomUUID();
  private final String vm = "shared-" + run.toString().substring(0, 8);

  @BeforeEach
  void createTopics() {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.createShared();
    }
  }

  @Test
  void followerSeesContentAndWhatFollows_whenVmEntriesArePublished() {
    try (TopicPublisher<VmRecord> publisher = VmDirectory.publisher(connection, DEADLINE)) {
      publisher.publish(vmRecord(1));
      publisher.publish(vmRecord(2));
      try (TopicFollower<VmRecord> follower = VmDirectory.follower(connection, DEADLINE)) {
        assertThat(follower.current()).containsEntry(vm, vmRecord(2));

        publisher.publish(vmRecord(3));

        assertThat(pollOne(follower)).containsExactly(vmRecord(3));
        assertThat(follower.current()).containsEntry(vm, vmRecord(3));
      }
    }
  }

  @Test
  void followerSeesOrder_whenPublishedAfterItWasOpened() {
    ControlOrder order =
        new ControlOrder.PromotionOrdered(
            vm, run, 1, "node-b", UUID.randomUUID(), "silent", "operator", 1_700_000_000_000L);
    try (TopicFollower<ControlOrder> follower = ControlTopic.follower(connection, DEADLINE);
        TopicPublisher<ControlOrder> publisher = ControlTopic.publisher(connection, DEADLINE)) {
      publisher.publish(order);
      assertThat(pollOne(follower)).containsExactly(order);
    }
  }

  @Test
  void followerLeavesOutAndCounts_whenValueIsUnreadable() throws Exception {
    try (TopicFollower<ControlOrder> follower = ControlTopic.follower(connection, DEADLINE);
        Producer<String, byte[]> producer =
            new KafkaProducer<>(KafkaSettings.publisher(connection, DEADLINE, DEADLINE))) {
      producer.send(new ProducerRecord<>(Topics.CONTROL, 0, vm, new byte[] {1, 2, 3})).get();
      long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
      while (follower.unreadable() == 0) {
        assertThat(System.nanoTime() - deadlineNanos).isNegative();
        assertThat(follower.poll(Duration.ofMillis(50))).isEmpty();
      }
    }
  }

  @Test
  void heartbeatsArrive_whenClusterIsThere() {
    try (TopicFollower<Heartbeat> follower = HeartbeatTopic.follower(connection, DEADLINE);
        HeartbeatPublisher publisher = HeartbeatTopic.publisher(connection)) {
      List<Heartbeat> received = new ArrayList<>();
      long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
      long epoch = 0;
      while (received.size() < 3) {
        assertThat(System.nanoTime() - deadlineNanos).as("beats in time").isNegative();
        publisher.publish(beat(epoch++));
        received.addAll(follower.poll(Duration.ofMillis(20)));
      }
      assertThat(received).allSatisfy(beat -> assertThat(beat.vm()).isEqualTo(vm));
      assertThat(received).extracting(Heartbeat::epoch).isSorted();
      assertThat(follower.current()).containsKey(vm + "/node-a");
      assertThat(publisher.delivered()).isPositive();
    }
  }

  @Test
  void publishNeverBlocksAndCounts_whenClusterIsAway(@TempDir Path directory) {
    EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
    ClusterConnection away = ClusterConnection.of(broker.bootstrapServers());
    try (LogTopics topics = new LogTopics(away)) {
      topics.createShared();
    }
    try (HeartbeatPublisher publisher = HeartbeatTopic.publisher(away)) {
      await("first beat delivered", publisher, () -> publisher.delivered() > 0);
      broker.close();

      long startNanos = System.nanoTime();
      for (int count = 0; count < 5000; count++) {
        publisher.publish(beat(count));
      }
      assertThat(Duration.ofNanos(System.nanoTime() - startNanos))
          .isLessThan(Duration.ofSeconds(5));
      long delivered = publisher.delivered();
      await("beats given up", publisher, () -> publisher.dropped() >= 5000 - 1);
      assertThat(publisher.delivered()).isEqualTo(delivered);
    }
  }

  private void await(String what, HeartbeatPublisher publisher, BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - deadlineNanos)
          .as("%s: delivered=%d dropped=%d", what, publisher.delivered(), publisher.dropped())
          .isNegative();
      if (publisher.delivered() == 0) {
        publisher.publish(beat(0));
      }
      Thread.onSpinWait();
    }
  }

  private static <T> List<T> pollOne(TopicFollower<T> follower) {
    long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
    List<T> values = List.of();
    while (values.isEmpty()) {
      assertThat(System.nanoTime() - deadlineNanos).as("a value in time").isNegative();
      values = follower.poll(Duration.ofMillis(50));
    }
    return values;
  }

  private VmRecord vmRecord(long term) {
    return new VmRecord(
        vm, run, 4, "ledger", 1 << 20, VmStatus.RUNNING, term, "node-a", 1000, 2000);
  }

  private Heartbeat beat(long epoch) {
    return new Heartbeat(
        vm, run, "node-a", run, NodeRole.PRIMARY, "serving", 1, epoch, 9, -1, "", 0, 1000, 0, 0);
  }
}
