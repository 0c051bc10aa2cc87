package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.capture.CaptureSettings;
import io.understudy.failover.node.NodeExit.Kind;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.LogExtent;
import io.understudy.log.LogTopics;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.TopicFollower;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineParts;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node comes back, and the log is shorter than it was. */
@RequiresKvm
@Timeout(240)
class LostLogKvmIT {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final VmId VM = new VmId("lost");
  private static final int PARTITIONS = 2;

  /** What is left of each partition: the first epochs of the run. */
  private static final long KEPT_RECORDS = 4;

  @TempDir private Path directory;
  private EmbeddedBroker broker;
  private OrderBoard orders;
  private StoreKeeper store;

  @BeforeEach
  void recordARun() throws Exception {
    EmbeddedBroker.keepJvmAlive();
    broker = EmbeddedBroker.start(directory.resolve("broker"), 0);
    orders = new OrderBoard(connection());
    orders.start();
    store = new StoreKeeper(directory.resolve("b"));
    try (Started primary = new Started("a", newRun());
        Started standby = new Started("b", null)) {
      awaitBeat(beat -> beat.node().equals("b") && beat.checkpointEpoch() > 10 * KEPT_RECORDS);
      standby.stop();
      primary.stop();
    }
  }

  @AfterEach
  void stopBroker() {
    orders.close();
    broker.close();
  }

  /** They may be all that is left of what was acknowledged. */
  @Test
  void checkpointsStayWhereTheyAre_whenTheLogEndsBeforeThem() throws Exception {
    UUID run = store.run().orElseThrow();
    loseTheEnd();
    assertThat(LogExtent.of(connection(), VM).run()).as("the same run").isEqualTo(run);

    try (Started standby = new Started("b", null)) {
      VmEnd end = standby.end.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);

      assertThat(end.failure())
          .hasValueSatisfying(
              lost ->
                  assertThat(lost)
                      .isInstanceOf(LogTruncatedException.class)
                      .hasMessageContaining("log ends before the position"));
    }
    assertThat(store.run()).contains(run);
    assertThat(directory.resolve("b").resolve("checkpoints.set-aside")).doesNotExist();
  }

  /** Whoever deletes a log does not begin the next run at the same moment. */
  @Test
  void nodeFollowsTheNextRun_whenTheLogWasDeletedForIt() throws Exception {
    UUID run = store.run().orElseThrow();
    try (LogTopics topics = new LogTopics(connection())) {
      topics.delete(VM);
      topics.create(VM, PARTITIONS);
    }
    try (Started standby = new Started("b", null)) {
      awaitBeat(beat -> beat.node().equals("b"));
      try (Started primary = new Started("a", newRun())) {
        awaitBeat(beat -> beat.node().equals("b") && !beat.run().equals(run) && beat.epoch() > 0);
        assertThat(standby.end).isNotDone();
        primary.stop();
      }
      standby.stop();
    }
  }

  /** Deletes the log, and writes again what stood in its beginning. */
  private void loseTheEnd() throws Exception {
    String topic = Topics.events(VM);
    List<TopicPartition> all =
        IntStream.range(0, PARTITIONS).mapToObj(one -> new TopicPartition(topic, one)).toList();
    List<ConsumerRecord<byte[], byte[]>> kept = new ArrayList<>();
    Map<String, Object> settings = Map.of("bootstrap.servers", broker.bootstrapServers());
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(all);
      consumer.seekToBeginning(all);
      while (all.stream().anyMatch(one -> consumer.position(one) < KEPT_RECORDS)) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
          if (record.offset() < KEPT_RECORDS) {
            kept.add(record);
          }
        }
      }
    }
    try (LogTopics topics = new LogTopics(connection())) {
      topics.delete(VM);
      topics.create(VM, PARTITIONS);
    }
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (ConsumerRecord<byte[], byte[]> record : kept) {
        producer
            .send(new ProducerRecord<>(topic, record.partition(), record.key(), record.value()))
            .get();
      }
    }
  }

  private void awaitBeat(Predicate<Heartbeat> wanted) {
    long begun = System.nanoTime();
    try (TopicFollower<Heartbeat> beats = HeartbeatTopic.follower(connection(), TIMEOUT)) {
      while (beats.poll(Duration.ofMillis(100)).stream().noneMatch(wanted)) {
        assertThat(System.nanoTime() - begun)
            .as(() -> "heard: " + beats.current())
            .isLessThan(TIMEOUT.toNanos());
      }
    }
  }

  private ClusterConnection connection() {
    return ClusterConnection.of(broker.bootstrapServers());
  }

  private static NewRun newRun() {
    return new NewRun(
        GuestImages.LEDGER,
        new MachineParts(GuestImages.find(GuestImages.LEDGER), null),
        32 << 20,
        "",
        "",
        Attachments.UART,
        PARTITIONS,
        "channels");
  }

  /** A VM that is kept by a node process of its own. */
  private final class Started implements AutoCloseable {
    private final ResidentVm vm;
    private final CompletableFuture<VmEnd> end = new CompletableFuture<>();
    private final Thread thread;

    Started(String node, NewRun begin) {
      NodeSettings settings =
          new NodeSettings(
              VM,
              node,
              connection(),
              directory.resolve(node),
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              Duration.ofMillis(100),
              TIMEOUT,
              Duration.ofMillis(200),
              CaptureSettings.DEFAULT,
              SnapshotSettings.DEFAULT,
              Path.of("/dev/kvm"),
              GuestFiles.BUILT_IN,
              "");
      this.vm = new ResidentVm(settings, orders, Watching.byDefault(), begin, null);
      this.thread = new Thread(this::keep, "vcpu-" + node);
      thread.setDaemon(true);
      thread.start();
    }

    private void keep() {
      try {
        end.complete(vm.run());
      } catch (InterruptedException | RuntimeException | Error failure) {
        end.completeExceptionally(failure);
      }
    }

    void stop() throws Exception {
      vm.stop("the test wants it");
      assertThat(end.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).exit().kind())
          .isEqualTo(Kind.REQUESTED);
    }

    @Override
    public void close() {
      vm.stop("the test is over");
      try {
        thread.join(TIMEOUT.toMillis());
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
