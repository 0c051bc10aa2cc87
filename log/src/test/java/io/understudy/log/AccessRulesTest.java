package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.ReleasedSchemas;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every role's work on a real broker with a real authorizer: with its rules, and with one less. */
@Timeout(300)
class AccessRulesTest {
  private static final VmId VM = new VmId("guarded");
  private static final VmId OTHER = new VmId("guarded-other");
  private static final int PARTITIONS = 2;
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(50);

  @TempDir static Path directory;
  private static SecuredBroker broker;
  private static Admin admin;
  private static ClusterConnection user;

  @BeforeAll
  static void start() {
    broker = SecuredBroker.start(directory, false, "worker");
    ClusterConnection everything = broker.connection(SecuredBroker.ADMIN);
    admin = everything.admin();
    user = broker.connection("worker");
    try (LogTopics topics = new LogTopics(everything)) {
      topics.createShared();
      topics.create(VM, PARTITIONS);
      topics.create(OTHER, PARTITIONS);
    }
    try (FencedWriter fenced = KafkaEpochWriter.fence(everything, VM, TIMEOUT)) {
      fenced
          .begin(UUID.randomUUID(), 1, ChainState.genesis(), PARTITIONS)
          .commit(Drafts.first(PARTITIONS));
    }
  }

  @AfterAll
  static void stop() {
    admin.close();
    broker.close();
  }

  @ParameterizedTest
  @EnumSource(AccessRole.class)
  void workOfARoleIsDone_withItsRules_andNotWithOneLess(AccessRole role) throws Exception {
    List<AccessRules.Rule> rules = AccessRules.of(role, Optional.of(VM));
    allow(rules);
    try {
      awaitWorks(role);
      for (AccessRules.Rule missing : rules) {
        revoke(List.of(missing));
        awaitRefused(role, missing);
        allow(List.of(missing));
        awaitWorks(role);
      }
    } finally {
      revoke(rules);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = AccessRole.class,
      names = {"COORDINATOR", "OPERATOR", "AUDITOR"})
  void logIsNotWritten_byWhoIsNoNode(AccessRole role) throws Exception {
    List<AccessRules.Rule> rules = AccessRules.of(role, Optional.of(VM));
    allow(rules);
    try {
      awaitWorks(role);
      assertThatThrownBy(() -> KafkaEpochWriter.fence(user, VM, TIMEOUT).close())
          .isInstanceOf(LogFencedException.class)
          .hasMessageContaining("vm=guarded")
          .hasMessageContaining("Authorization");
      assertThatThrownBy(() -> produce(Topics.events(VM)))
          .hasCauseInstanceOf(AuthorizationException.class);
    } finally {
      revoke(rules);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = AccessRole.class,
      names = {"PRIMARY", "STANDBY"})
  void otherVmsAndHistoryAreOutOfReach_forNodes(AccessRole role) throws Exception {
    List<AccessRules.Rule> rules = AccessRules.of(role, Optional.of(VM));
    allow(rules);
    try {
      awaitWorks(role);
      assertThatThrownBy(() -> KafkaEpochWriter.fence(user, OTHER, TIMEOUT).close())
          .isInstanceOf(LogFencedException.class);
      assertThatThrownBy(() -> EpochReader.fromStart(user, OTHER).close())
          .isInstanceOf(LogException.class);
      assertThatThrownBy(() -> mayDelete(Topics.events(VM)))
          .isInstanceOf(LogException.class)
          .hasMessageContaining("Authorization");
    } finally {
      revoke(rules);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = AccessRole.class,
      names = {"PRIMARY", "STANDBY"})
  void logIsShortened_byNodesThatAreAllowedToBesides(AccessRole role) throws Exception {
    List<AccessRules.Rule> rules = AccessRules.of(role, Optional.of(VM));
    allow(rules);
    try {
      awaitWorks(role);
      // Up to their beginning, which deletes none.
      Map<Integer, Long> nothing = Map.of(0, 0L);
      try (LogTopics topics = new LogTopics(user)) {
        assertThatThrownBy(() -> topics.deleteEvents(VM, nothing))
            .isInstanceOf(LogException.class)
            .hasMessageContaining(Topics.events(VM));
        allow(AccessRules.retention(VM));
        awaitDeletes(topics, nothing);
      }
    } finally {
      revoke(rules);
      revoke(AccessRules.retention(VM));
    }
  }

  private static void awaitDeletes(LogTopics topics, Map<Integer, Long> below) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      try {
        topics.deleteEvents(VM, below);
        return;
      } catch (LogException refused) {
        assertThat(System.nanoTime() - deadline).as(refused.getMessage()).isNegative();
        pause();
      }
    }
  }

  /** At once, and not when a leader has died and nobody hears the order. */
  @ParameterizedTest
  @EnumSource(
      value = AccessRole.class,
      names = {"STANDBY", "COORDINATOR"})
  void missingPermissionIsNamedBeforeItIsNeeded(AccessRole role) throws Exception {
    List<AccessRules.Rule> rules = AccessRules.of(role, Optional.of(VM));
    allow(rules);
    try (LogTopics topics = new LogTopics(user)) {
      awaitAnswer(topics, role, "");
      for (AccessRules.Rule missing : AccessRules.ofShared(role)) {
        revoke(List.of(missing));
        awaitAnswer(topics, role, missing.operation() + " of " + missing.name());
        allow(List.of(missing));
        awaitAnswer(topics, role, "");
      }
    } finally {
      revoke(rules);
    }
  }

  /**
   * The authorizer hears of a change a moment after it was confirmed.
   *
   * @param missing the one permission that is to be missed; empty if none is
   */
  private static void awaitAnswer(LogTopics topics, AccessRole role, String missing) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      String said = "";
      try {
        topics.requireAllowed(role);
      } catch (LogException refused) {
        said = refused.getMessage();
      }
      if (missing.isEmpty() ? said.isEmpty() : said.contains("missing=[" + missing + " (")) {
        return;
      }
      assertThat(System.nanoTime() - deadline).as("missing=%s said=%s", missing, said).isNegative();
      pause();
    }
  }

  @Test
  void rulesOfAllVmsCoverEachOfThem() throws Exception {
    List<AccessRules.Rule> rules = AccessRules.of(AccessRole.STANDBY, Optional.empty());
    allow(rules);
    try {
      awaitFences(VM);
      awaitFences(OTHER);
    } finally {
      revoke(rules);
    }
  }

  @Test
  void rulesAreRefused_whenTheVmsPrefixCoversASharedTopic() {
    assertThatThrownBy(() -> AccessRules.of(AccessRole.AUDITOR, Optional.of(new VmId("control"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("vm=control")
        .hasMessageContaining(Topics.CONTROL);
  }

  private static void work(AccessRole role) throws Exception {
    switch (role) {
      case PRIMARY -> lead();
      case STANDBY -> followAndLead();
      case COORDINATOR -> coordinate();
      case OPERATOR -> operate();
      case AUDITOR -> audit();
    }
  }

  private static void lead() {
    try (LogTopics topics = new LogTopics(user)) {
      topics.checkCluster();
      topics.createShared();
      topics.create(VM, PARTITIONS);
    }
    beat(NodeRole.PRIMARY);
    ChainState chain = readAll();
    write(chain);
    followShared();
    readDirectory();
    order();
    deleteSnapshots();
    try (TopicPublisher<VmRecord> directory = VmDirectory.publisher(user, TIMEOUT)) {
      directory.publish(
          new VmRecord(
              VM.text(),
              UUID.randomUUID(),
              PARTITIONS,
              "ledger",
              16 << 20,
              VmStatus.RUNNING,
              1,
              "a",
              1,
              1));
    }
  }

  private static void followAndLead() {
    try (LogTopics topics = new LogTopics(user)) {
      assertThat(topics.exists(VM)).isTrue();
    }
    lead();
  }

  private static void coordinate() throws Exception {
    try (LogTopics topics = new LogTopics(user)) {
      topics.checkCluster();
      topics.createShared();
    }
    beat(NodeRole.COORDINATOR);
    readDirectory();
    followShared();
    logEnds();
    order();
  }

  private static void operate() throws Exception {
    try (LogTopics topics = new LogTopics(user)) {
      // The shared topics are there: that one may be made needs one that is missing.
      topics.createShared();
      topics.create(VM, PARTITIONS);
    }
    for (String topic : List.of(Topics.VMS, Topics.CONTROL, Topics.HEARTBEATS, Topics.SCHEMAS)) {
      mayCreate(topic);
    }
    mayCreate(Topics.events(VM));
    mayDelete(Topics.outputs(VM));
    readDirectory();
    followShared();
    order();
  }

  private static void audit() {
    readAll();
    SnapshotDirectory.open(user, VM, TIMEOUT).close();
    assertThat(readSchemas()).contains(ReleasedSchemas.all().get(0).fingerprintHex());
    export();
    readDirectory();
    followShared();
  }

  /** As readers do that have no schemas of their own: the fingerprints in the topic. */
  private static Set<String> readSchemas() {
    List<TopicPartition> partition = List.of(new TopicPartition(Topics.SCHEMAS, 0));
    Set<String> fingerprints = new HashSet<>();
    try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(KafkaSettings.reader(user))) {
      consumer.assign(partition);
      consumer.seekToBeginning(partition);
      long end = consumer.endOffsets(partition, TIMEOUT).get(partition.get(0));
      while (consumer.position(partition.get(0), TIMEOUT) < end) {
        consumer.poll(POLL).forEach(record -> fingerprints.add(record.key()));
      }
    }
    return fingerprints;
  }

  private static void export() {
    Path file = directory.resolve("evidence-" + UUID.randomUUID());
    LogStart start = LogStart.earliest(user, VM);
    new LogExport(user, VM, file, EvidenceFiles.PROGRAM, (step, epoch) -> {})
        .run(start, start.firstEpoch(), LogExport.TO_THE_END);
  }

  private static void readDirectory() {
    VmDirectory.follower(user, TIMEOUT).close();
  }

  private static void followShared() {
    HeartbeatTopic.follower(user, TIMEOUT).close();
    ControlTopic.follower(user, TIMEOUT).close();
  }

  private static ChainState readAll() {
    try (EpochReader reader = EpochReader.fromStart(user, VM)) {
      LogEnd end = reader.end();
      while (!reader.reached(end)) {
        reader.poll(POLL);
      }
      return reader.position().chain();
    }
  }

  private static void write(ChainState chain) {
    try (FencedWriter fenced = KafkaEpochWriter.fence(user, VM, TIMEOUT)) {
      UUID run;
      try (EpochReader reader = EpochReader.fromStart(user, VM)) {
        while (reader.run() == null) {
          reader.poll(POLL);
        }
        run = reader.run();
      }
      fenced.begin(run, chain.term() + 1, chain, PARTITIONS).commit(Drafts.takeOver(chain));
    }
  }

  private static void beat(NodeRole role) {
    Heartbeat beat =
        new Heartbeat(
            VM.text(),
            UUID.randomUUID(),
            "a",
            UUID.randomUUID(),
            role,
            "x",
            0,
            0,
            0,
            -1,
            "",
            0,
            0,
            0,
            0);
    try (HeartbeatPublisher publisher = HeartbeatTopic.publisher(user)) {
      long deadline = System.nanoTime() + TIMEOUT.toNanos();
      while (publisher.delivered() == 0) {
        if (publisher.isRefused()) {
          throw new LogException("heartbeats are refused: topic=" + Topics.HEARTBEATS);
        }
        assertThat(System.nanoTime() - deadline).as("no heartbeat got through").isNegative();
        publisher.publish(beat);
        pause();
      }
    }
  }

  /** Up to their beginning, which deletes none. */
  private static void deleteSnapshots() {
    TopicPartition partition = new TopicPartition(Topics.snapshots(VM), 0);
    try (Admin asking = user.admin()) {
      asking.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(0))).all().get();
    } catch (ExecutionException | InterruptedException e) {
      throw new LogException("cannot delete from " + partition + ": " + e.getCause(), e);
    }
  }

  private static void order() {
    try (TopicPublisher<ControlOrder> orders = ControlTopic.publisher(user, TIMEOUT)) {
      orders.publish(
          new ControlOrder.PromotionOrdered(
              VM.text(), UUID.randomUUID(), 1, "b", UUID.randomUUID(), "test", "test", 1));
    }
  }

  private static void logEnds() throws Exception {
    try (Admin asking = user.admin()) {
      asking
          .listOffsets(Map.of(new TopicPartition(Topics.events(VM), 0), OffsetSpec.latest()))
          .all()
          .get();
    }
  }

  /** Tries without doing it: the cluster checks permissions first. */
  private static void mayCreate(String topic) throws Exception {
    try (Admin asking = user.admin()) {
      asking
          .createTopics(
              List.of(new NewTopic(topic, 1, (short) 1)),
              new CreateTopicsOptions().validateOnly(true))
          .all()
          .get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw new LogException("cannot create topic " + topic + ": " + e.getCause(), e);
      }
    }
  }

  /** Of a topic that does not exist only who may delete it learns that. */
  private static void mayDelete(String topic) throws Exception {
    try (Admin asking = user.admin()) {
      asking.deleteTopics(List.of(topic)).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
        throw new LogException("cannot delete topic " + topic + ": " + e.getCause(), e);
      }
    }
  }

  private static void produce(String topic) throws Exception {
    Map<String, Object> settings = new HashMap<>(broker.properties("worker"));
    settings.put("bootstrap.servers", broker.bootstrapServers());
    settings.put("max.block.ms", "10000");
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>(topic, 0, "k", new byte[1])).get();
    }
  }

  private static void allow(List<AccessRules.Rule> rules) throws Exception {
    admin.createAcls(bindings(rules)).all().get();
  }

  private static void revoke(List<AccessRules.Rule> rules) throws Exception {
    admin.deleteAcls(bindings(rules).stream().map(AclBinding::toFilter).toList()).all().get();
  }

  private static List<AclBinding> bindings(List<AccessRules.Rule> rules) {
    return rules.stream().map(rule -> rule.binding("User:worker")).toList();
  }

  /** The authorizer hears of a change a moment after it was confirmed. */
  private static void awaitWorks(AccessRole role) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      try {
        work(role);
        return;
      } catch (LogException | KafkaException | ExecutionException refused) {
        if (System.nanoTime() - deadline >= 0) {
          throw new AssertionError("refused with all its rules: role=" + role, refused);
        }
        pause();
      }
    }
  }

  private static void awaitFences(VmId vm) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      try {
        KafkaEpochWriter.fence(user, vm, TIMEOUT).close();
        return;
      } catch (LogFencedException refused) {
        assertThat(System.nanoTime() - deadline).as(refused.getMessage()).isNegative();
        pause();
      }
    }
  }

  private static void awaitRefused(AccessRole role, AccessRules.Rule missing) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    List<String> messages = new ArrayList<>();
    while (messages.isEmpty()) {
      try {
        work(role);
        assertThat(System.nanoTime() - deadline)
            .as("works without a rule: role=%s missing=%s", role, missing)
            .isNegative();
      } catch (LogException | KafkaException | ExecutionException refused) {
        messages.add(refused + " " + refused.getCause());
      }
    }
    String name = missing.name().replaceAll("\\.$", "");
    assertThat(messages.get(0))
        .as("missing: %s", missing)
        .containsAnyOf(name, "vm=" + VM.text())
        .containsPattern("(?i)authoriz|refused|denied");
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
