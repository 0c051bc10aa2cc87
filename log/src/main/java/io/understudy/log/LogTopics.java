package io.understudy.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.understudy.schemas.ReleasedSchemas;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates, checks and deletes topics, and checks that a cluster is safe to write to.
 *
 * <p>Topics are always created explicitly: an automatically created one would have the cluster's
 * default retention, which silently deletes the history of a run after a week. A topic that exists
 * with the wrong partitions, or that would lose records, is refused, never changed. Thread-safe as
 * {@link Admin} is; closes its own connection.
 */
public final class LogTopics implements AutoCloseable {
  private static final short TRANSACTION_VERSION_NEEDED = 2;
  private static final int REPLICATION_FACTOR_WANTED = 3;

  /** Settings that decide whether records stay: Kafka must not delete a history by itself. */
  private static final List<String> KEEPING =
      List.of(
          TopicConfig.CLEANUP_POLICY_CONFIG,
          TopicConfig.RETENTION_MS_CONFIG,
          TopicConfig.RETENTION_BYTES_CONFIG);

  /** As long and as much as -1. */
  private static final String ENDLESS = Long.toString(Long.MAX_VALUE);

  private static final Duration PUBLISH_TIMEOUT = Duration.ofSeconds(30);

  private static final Duration VISIBLE_TIMEOUT = Duration.ofSeconds(15);
  private static final long VISIBLE_POLL_MS = 20;

  private final ClusterConnection connection;
  private final Admin admin;

  /** Connects when first used. */
  public LogTopics(ClusterConnection connection) {
    this.connection = connection;
    this.admin = connection.admin();
  }

  /**
   * An event topic as it is in the cluster.
   *
   * @param name its name
   * @param topicId its Kafka topic id as text; a deleted and created topic has another
   * @param partitions number of partitions
   * @param replicationFactor number of replicas of partition 0
   */
  public record EventTopic(String name, String topicId, int partitions, int replicationFactor) {}

  /**
   * Refuses clusters whose transactions are not safe: before {@code transaction.version} 2
   * (KIP-890) a delayed end of one transaction could commit or abort a later one.
   *
   * @throws UnsupportedClusterException if the cluster is too old or was never upgraded
   */
  public void checkCluster() {
    FinalizedVersionRange found =
        await(admin.describeFeatures().featureMetadata(), "describe the cluster's features")
            .finalizedFeatures()
            .get("transaction.version");
    int level = found == null ? 0 : found.maxVersionLevel();
    if (level < TRANSACTION_VERSION_NEEDED) {
      throw new UnsupportedClusterException(
          "Kafka cluster has unsafe transactions: transaction.version needed="
              + TRANSACTION_VERSION_NEEDED
              + " found="
              + level
              + ": upgrade it with kafka-features.sh upgrade --feature transaction.version=2");
    }
  }

  /** The cluster's id, as every broker of it knows it. */
  public String clusterId() {
    return await(admin.describeCluster().clusterId(), "describe the cluster");
  }

  /**
   * Creates the topics of a VM, for events and for snapshots; those that exist and fit are left
   * alone.
   *
   * @param partitions number of partitions the epochs are striped over, 1 or more
   * @throws LogException if a topic exists that has other partitions or would lose records: another
   *     cleanup policy, or an end to how long or how much is retained
   */
  public void create(VmId vm, int partitions) {
    Map<String, String> configs =
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_DELETE,
            TopicConfig.RETENTION_MS_CONFIG,
            "-1",
            TopicConfig.RETENTION_BYTES_CONFIG,
            "-1",
            TopicConfig.COMPRESSION_TYPE_CONFIG,
            "producer",
            TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
            "CreateTime");
    createOrCheck(Topics.events(vm), partitions, configs);
    createSnapshots(vm);
  }

  /** Creates the snapshots topic of a VM; one that exists and fits is left alone. */
  public void createSnapshots(VmId vm) {
    createOrCheck(
        Topics.snapshots(vm),
        SnapshotLayout.PARTITIONS,
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_DELETE,
            // A snapshot is deleted when there is a newer one, see deleteOldSnapshots. Where the
            // log is shortened, nothing else leads back to what was before.
            TopicConfig.RETENTION_MS_CONFIG,
            "-1",
            TopicConfig.RETENTION_BYTES_CONFIG,
            "-1",
            // Only whole segments give their space back.
            TopicConfig.SEGMENT_BYTES_CONFIG,
            Integer.toString(32 * 1024 * 1024)));
  }

  /**
   * Deletes snapshots when there are newer ones, and what lies before them without ever having
   * become a snapshot.
   *
   * @param all all snapshots of the VM, in the order in which they were completed
   * @param keep how many complete ones stay, at least 1; the newest verified one stays, too
   * @param log the VM's: the one behind which it begins stays as well
   * @param isShortened whether it is shortened up to snapshots: so does the next one for that
   */
  public void deleteOldSnapshots(
      VmId vm, List<StoredSnapshot> all, int keep, LogExtent log, boolean isShortened) {
    deleteRecords(Topics.snapshots(vm), SnapshotRetention.deletable(all, keep, log, isShortened));
  }

  /** Deletes events for good; what may be deleted is for {@link LogTrim} to say. */
  void deleteEvents(VmId vm, Map<Integer, Long> below) {
    deleteRecords(Topics.events(vm), below);
  }

  private void deleteRecords(String topic, Map<Integer, Long> below) {
    Map<TopicPartition, RecordsToDelete> wanted = new HashMap<>();
    below.forEach(
        (partition, offset) ->
            wanted.put(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(offset)));
    if (!wanted.isEmpty()) {
      await(admin.deleteRecords(wanted).all(), "delete records of topic " + topic);
    }
  }

  /** Creates the topics that all VMs share where they are missing, and publishes the schemas. */
  public void createShared() {
    for (String topic : List.of(Topics.VMS, Topics.CONTROL, Topics.SCHEMAS)) {
      createOrCheck(
          topic, 1, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT));
    }
    createOrCheck(
        Topics.HEARTBEATS,
        1,
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_COMPACT,
            // Ten beats a second each: without small segments the newest could never be compacted.
            TopicConfig.SEGMENT_BYTES_CONFIG,
            Integer.toString(8 * 1024 * 1024),
            TopicConfig.SEGMENT_MS_CONFIG,
            Long.toString(Duration.ofHours(1).toMillis())));
    publishSchemas();
  }

  /**
   * What each process of a role does before anything else: refuses clusters that are not safe,
   * makes the topics that all VMs share, and refuses to go on without what the role may need.
   *
   * @throws UnsupportedClusterException see {@link #checkCluster}
   * @throws LogException see {@link #requireAllowed}
   */
  public void prepareFor(AccessRole role) {
    checkCluster();
    createShared();
    requireAllowed(role);
  }

  /**
   * Refuses to go on without a permission on the shared topics that {@code role} needs. Most would
   * be missed only when it counts: who may not read orders looks well until it should take over. A
   * cluster that does not tell what is allowed is taken at its word later.
   *
   * @throws LogException that names each topic and operation that is missing
   */
  void requireAllowed(AccessRole role) {
    Map<String, List<AccessRules.Rule>> needed =
        AccessRules.ofShared(role).stream().collect(Collectors.groupingBy(AccessRules.Rule::name));
    Map<String, KafkaFuture<TopicDescription>> asked =
        admin
            .describeTopics(
                needed.keySet(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues();
    List<String> missing = new ArrayList<>();
    needed.forEach(
        (topic, rules) -> {
          Set<AclOperation> allowed = allowed(topic, asked.get(topic));
          rules.stream()
              .filter(rule -> !allowed.contains(rule.operation()))
              .map(rule -> rule.operation() + " of " + topic + " (" + rule.why() + ")")
              .forEach(missing::add);
        });
    if (!missing.isEmpty()) {
      String name = role.name().toLowerCase(Locale.ROOT);
      throw new LogException(
          "not authorized for what a "
              + name
              + " needs: missing="
              + missing
              + ": allow what ./understudy acls --role "
              + name
              + " prints");
    }
  }

  private static Set<AclOperation> allowed(String topic, KafkaFuture<TopicDescription> asked) {
    try {
      Set<AclOperation> allowed =
          await(asked, "ask what is allowed with topic " + topic).authorizedOperations();
      return allowed == null ? EnumSet.allOf(AclOperation.class) : allowed;
    } catch (LogException refused) {
      if (refused.getCause() instanceof AuthorizationException) {
        return Set.of();
      }
      throw refused;
    }
  }

  /** Whether the VM has an event topic. */
  public boolean exists(VmId vm) {
    return describe(vm).isPresent();
  }

  /** The VM's event topic, or empty when it has none. */
  public Optional<EventTopic> describe(VmId vm) {
    return description(Topics.events(vm)).map(LogTopics::eventTopic);
  }

  /** The VM's event topic, made just now: the broker asked may still have to learn of it. */
  public EventTopic describeNew(VmId vm) {
    return eventTopic(awaitDescription(Topics.events(vm), true).orElseThrow());
  }

  private static EventTopic eventTopic(TopicDescription topic) {
    return new EventTopic(
        topic.name(),
        topic.topicId().toString(),
        topic.partitions().size(),
        topic.partitions().get(0).replicas().size());
  }

  /**
   * Deletes the VM's topics and with them the history of its run and its snapshots; none is no
   * failure.
   */
  public void delete(VmId vm) {
    delete(Topics.events(vm));
    delete(Topics.snapshots(vm));
  }

  private void delete(String topic) {
    try {
      admin.deleteTopics(List.of(topic)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
        throw failed("delete topic " + topic, e.getCause());
      }
    } catch (InterruptedException e) {
      throw interrupted("delete topic " + topic, e);
    }
    awaitDescription(topic, false);
  }

  @Override
  public void close() {
    admin.close();
  }

  private void createOrCheck(String topic, int partitions, Map<String, String> configs) {
    if (description(topic).isEmpty()) {
      create(topic, partitions, configs);
    }
    TopicDescription found = awaitDescription(topic, true).orElseThrow();
    refuseUnless(topic, "partitions", partitions, found.partitions().size());
    Config settings = config(topic);
    for (String name : KEEPING) {
      if (configs.containsKey(name)) {
        String value = settings.get(name).value();
        refuseUnless(topic, name, configs.get(name), value.equals(ENDLESS) ? "-1" : value);
      }
    }
  }

  /** Creates a topic, unless somebody else is faster. */
  private void create(String topic, int partitions, Map<String, String> configs) {
    int brokers = await(admin.describeCluster().nodes(), "describe the cluster").size();
    short replication = (short) Math.min(REPLICATION_FACTOR_WANTED, brokers);
    Map<String, String> all = new HashMap<>(configs);
    // By default a broker refuses records from more than an hour ahead of its own clock: a node
    // whose clock is wrong could not lead, nor say that it lives. Timestamps are for people alone.
    all.put(TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG, Long.toString(Long.MAX_VALUE));
    // With three replicas, an acknowledged record is on two brokers.
    all.put(
        TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(Math.max(1, replication - 1)));
    NewTopic newTopic = new NewTopic(topic, partitions, replication).configs(all);
    try {
      admin.createTopics(List.of(newTopic)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw failed("create topic " + topic, e.getCause());
      }
    } catch (InterruptedException e) {
      throw interrupted("create topic " + topic, e);
    }
  }

  /** Brokers learn of a topic that is new, or gone, a moment after the controller confirmed it. */
  private Optional<TopicDescription> awaitDescription(String topic, boolean isWanted) {
    long deadlineNanos = System.nanoTime() + VISIBLE_TIMEOUT.toNanos();
    while (true) {
      Optional<TopicDescription> found = description(topic);
      if (found.isPresent() == isWanted) {
        return found;
      }
      if (System.nanoTime() - deadlineNanos >= 0) {
        throw new LogException(
            (isWanted ? "topic was created but does not appear" : "topic was deleted but is there")
                + ": topic="
                + topic
                + " timeout="
                + VISIBLE_TIMEOUT);
      }
      pause(topic);
    }
  }

  private static void pause(String topic) {
    try {
      TimeUnit.MILLISECONDS.sleep(VISIBLE_POLL_MS);
    } catch (InterruptedException e) {
      throw interrupted("wait for topic " + topic, e);
    }
  }

  private Optional<TopicDescription> description(String topic) {
    try {
      return Optional.of(admin.describeTopics(List.of(topic)).topicNameValues().get(topic).get());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Optional.empty();
      }
      throw failed("describe topic " + topic, e.getCause());
    } catch (InterruptedException e) {
      throw interrupted("describe topic " + topic, e);
    }
  }

  /** Asks any broker, which may learn of a topic that is new later than the one asked before. */
  private Config config(String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    String what = "describe the settings of topic " + topic;
    long deadlineNanos = System.nanoTime() + VISIBLE_TIMEOUT.toNanos();
    while (true) {
      try {
        return await(admin.describeConfigs(List.of(resource)).values().get(resource), what);
      } catch (LogException refused) {
        if (!(refused.getCause() instanceof UnknownTopicOrPartitionException)
            || System.nanoTime() - deadlineNanos >= 0) {
          throw refused;
        }
      }
      pause(topic);
    }
  }

  /** An archived cluster describes itself: every schema ever written with is in it. */
  private void publishSchemas() {
    try (Producer<String, byte[]> producer =
        new KafkaProducer<>(
            KafkaSettings.publisher(connection, PUBLISH_TIMEOUT, PUBLISH_TIMEOUT))) {
      for (ReleasedSchemas.Released schema : ReleasedSchemas.all()) {
        producer
            .send(
                new ProducerRecord<>(
                    Topics.SCHEMAS, 0, schema.fingerprintHex(), schema.json().getBytes(UTF_8)))
            .get();
      }
    } catch (ExecutionException e) {
      throw failed("publish the schemas to " + Topics.SCHEMAS, e.getCause());
    } catch (InterruptedException e) {
      throw interrupted("publish the schemas to " + Topics.SCHEMAS, e);
    }
  }

  private static void refuseUnless(String topic, String name, Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw new LogException(
          "existing topic does not fit: topic="
              + topic
              + " setting="
              + name
              + " expected="
              + expected
              + " actual="
              + actual);
    }
  }

  private static <T> T await(KafkaFuture<T> future, String what) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw failed(what, e.getCause());
    } catch (InterruptedException e) {
      throw interrupted(what, e);
    }
  }

  private static LogException failed(String what, Throwable cause) {
    return new LogException("cannot " + what + ": " + cause.getMessage(), cause);
  }

  private static LogException interrupted(String what, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new LogException("interrupted: cannot " + what, cause);
  }
}
