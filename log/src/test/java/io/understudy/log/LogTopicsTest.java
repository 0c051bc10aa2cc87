package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.ReleasedSchemas;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogTopicsTest {
  private final ClusterConnection connection = TestBroker.connection();
  private final LogTopics topics = new LogTopics(connection);
  private final VmId vm = new VmId("topics-" + UUID.randomUUID().toString().substring(0, 8));

  @AfterEach
  void close() {
    topics.close();
  }

  @Test
  void createsTopicThatKeepsEverything_whenMissing() throws Exception {
    assertThat(topics.exists(vm)).isFalse();
    topics.create(vm, 4);
    topics.create(vm, 4);

    assertThat(topics.describe(vm).orElseThrow().partitions()).isEqualTo(4);
    assertThat(topics.describe(vm).orElseThrow().replicationFactor()).isEqualTo(1);
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, Topics.events(vm));
    try (Admin admin = connection.admin()) {
      var configs = admin.describeConfigs(List.of(resource)).values().get(resource).get();
      assertThat(configs.get("retention.ms").value()).isEqualTo("-1");
      assertThat(configs.get("retention.bytes").value()).isEqualTo("-1");
      assertThat(configs.get("cleanup.policy").value()).isEqualTo("delete");
      assertThat(configs.get("message.timestamp.after.max.ms").value())
          .isEqualTo(Long.toString(Long.MAX_VALUE));
      assertThat(configs.get("min.insync.replicas").value()).isEqualTo("1");
    }
  }

  @Test
  void refuses_whenTopicHasOtherPartitions() {
    topics.create(vm, 4);
    assertThatThrownBy(() -> topics.create(vm, 2))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("setting=partitions expected=2 actual=4");
  }

  @Test
  void refuses_whenTopicIsCompacted() throws Exception {
    try (Admin admin = connection.admin()) {
      admin
          .createTopics(
              List.of(
                  new NewTopic(Topics.events(vm), 2, (short) 1)
                      .configs(Map.of("cleanup.policy", "compact"))))
          .all()
          .get();
    }
    assertThatThrownBy(() -> topics.create(vm, 2))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("setting=cleanup.policy expected=delete actual=compact");
  }

  /** As a broker makes one by itself for a consumer that was there before the VM. */
  @Test
  void refuses_whenKafkaWouldDeleteEvents() throws Exception {
    try (Admin admin = connection.admin()) {
      admin.createTopics(List.of(new NewTopic(Topics.events(vm), 2, (short) 1))).all().get();
    }
    assertThatThrownBy(() -> topics.create(vm, 2))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("setting=retention.ms expected=-1 actual=604800000");
  }

  /** Once the log was shortened, they are all that leads back to its beginning. */
  @Test
  void refuses_whenKafkaWouldDeleteSnapshots() throws Exception {
    topics.create(vm, 2);
    try (Admin admin = connection.admin()) {
      ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Topics.snapshots(vm));
      AlterConfigOp bound =
          new AlterConfigOp(
              new ConfigEntry("retention.bytes", "1000000"), AlterConfigOp.OpType.SET);
      admin.incrementalAlterConfigs(Map.of(topic, List.of(bound))).all().get();
    }

    assertThatThrownBy(() -> topics.createSnapshots(vm))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("setting=retention.bytes expected=-1 actual=1000000");
  }

  @Test
  void deletes_whenTopicExistsOrNot() {
    topics.create(vm, 1);
    topics.delete(vm);
    topics.delete(vm);
    assertThat(topics.exists(vm)).isFalse();
  }

  @Test
  void acceptsCluster_whenTransactionsAreSafe() {
    topics.checkCluster();
    assertThat(topics.clusterId()).isNotBlank();
  }

  @Test
  void publishesEverySchema_whenSharedTopicsAreCreated() {
    topics.createShared();
    topics.createShared();

    SharedTopic<String> schemas =
        new SharedTopic<>(
            Topics.SCHEMAS,
            json -> Integer.toString(json.hashCode()),
            json -> json.getBytes(StandardCharsets.UTF_8),
            bytes -> new String(bytes, StandardCharsets.UTF_8));
    try (TopicFollower<String> follower =
        new TopicFollower<>(connection, schemas, Duration.ofSeconds(20))) {
      assertThat(follower.current().values())
          .containsExactlyInAnyOrderElementsOf(
              // A schema that did not change is in several releases under the same fingerprint.
              ReleasedSchemas.all().stream()
                  .map(ReleasedSchemas.Released::json)
                  .distinct()
                  .toList());
    }
  }

  @Test
  void readerRefusesPosition_whenRetentionDeletedIt() throws Exception {
    RawLog log = new RawLog();
    log.write(connection);
    LogPosition second;
    try (EpochReader reader = EpochReader.fromStart(connection, log.vm)) {
      second = reader.poll(Duration.ofSeconds(20)).next();
    }
    TopicPartition partition = new TopicPartition(Topics.events(log.vm), 1);
    try (Admin admin = connection.admin()) {
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(5))).all().get();
    }

    assertThatThrownBy(() -> EpochReader.open(connection, log.vm, log.run, second))
        .isInstanceOf(LogTruncatedException.class)
        .hasMessageContaining("retention")
        .hasMessageContaining("partition=1 wantedOffset=0 firstOffset=5");
    assertThatThrownBy(() -> EpochReader.fromStart(connection, log.vm))
        .isInstanceOf(LogTruncatedException.class);
  }

  @Test
  void readerRefusesPosition_whenLogEndsBeforeIt() {
    RawLog log = new RawLog();
    log.write(connection);
    TreeMap<Integer, Long> offsets = new TreeMap<>(Map.of(0, 3L, 1, 1000L));

    assertThatThrownBy(
            () ->
                EpochReader.open(
                    connection, log.vm, log.run, new LogPosition(log.chainBefore(1), offsets)))
        .isInstanceOf(LogTruncatedException.class)
        .hasMessageContaining("partition=1 wantedOffset=1000");
  }

  @Test
  void everythingIsAllowed_whereNobodyAsksForPermissions() {
    topics.createShared();

    assertThatCode(() -> topics.requireAllowed(AccessRole.STANDBY)).doesNotThrowAnyException();
  }

  @Test
  void readerSaysThatTheLogIsCutOff_whenRecordsAreDeletedBeforeItReadsThem() throws Exception {
    RawLog log = new RawLog();
    log.write(connection);
    TopicPartition partition = new TopicPartition(Topics.events(log.vm), 0);
    try (EpochReader reader = EpochReader.fromStart(connection, log.vm);
        Admin admin = connection.admin()) {
      long end = reader.end().offsets().get(0);
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(end))).all().get();

      assertThatThrownBy(() -> reader.poll(Duration.ofSeconds(20)))
          .hasMessageContaining("no longer holds the records to be read next")
          .isInstanceOfSatisfying(
              LogTruncatedException.class, cut -> assertThat(cut.isCutOff()).isTrue());
    }
  }

  /** What was lost must not look like what was deleted. */
  @Test
  void readerSaysThatTheLogEndsEarly_whenItLosesWhatWasRead() {
    RawLog log = new RawLog();
    log.write(connection);
    try (EpochReader reader = EpochReader.fromStart(connection, log.vm)) {
      LogEnd end = reader.end();
      while (!reader.reached(end)) {
        reader.poll(Duration.ofSeconds(1));
      }
      topics.delete(log.vm);
      topics.create(log.vm, end.offsets().size());

      assertThatThrownBy(
              () -> {
                while (reader.poll(Duration.ofSeconds(20)) == null) {
                  Thread.onSpinWait();
                }
              })
          .hasMessageContaining("ends before the records that were read last")
          .isInstanceOfSatisfying(
              LogTruncatedException.class, lost -> assertThat(lost.isCutOff()).isFalse());
    }
  }

  @Test
  void readerRefuses_whenThereIsNoLogOrItHasOtherPartitions() {
    assertThatThrownBy(() -> EpochReader.fromStart(connection, vm))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("vm=" + vm);
    topics.create(vm, 2);
    assertThatThrownBy(
            () -> EpochReader.open(connection, vm, new UUID(0, 1), LogPosition.genesis(4)))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("partitions=2 position=4");
  }
}
