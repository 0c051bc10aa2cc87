package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.failover.coordinator.ClusterStatus;
import io.understudy.log.AccessRole;
import io.understudy.log.AccessRules;
import io.understudy.log.LogTopics;
import io.understudy.log.SecuredBroker;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A pair and a coordinator, each under a name of its own with the fewest permissions, against a
 * broker that takes SASL over TLS only: whichever client forgot the settings could not connect.
 */
class SecuredClusterIT {
  private static final Set<String> NODES = Set.of("node", "primary", "standby");
  private static final VmId VM = new VmId("secured");
  private static final String[] USERS = {"node-a", "node-b", "watcher", "boss", "reader"};

  @TempDir Path directory;

  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void failsOverWithLeastPrivileges_andSaysNoPassword() throws Exception {
    Needs.kvm();
    try (SecuredBroker broker = SecuredBroker.start(directory, true, USERS);
        LocalCluster cluster = TestPair.cluster("secured")) {
      allow(broker);
      int front = LocalCluster.freePort();
      List<ChildJvm> children = new ArrayList<>();
      ChildJvm leader =
          start(cluster, broker, "node-a", "primary", "--vm", "secured", "--memory", "16");
      children.add(leader);
      children.add(
          start(
              cluster, broker, "watcher", "coordinator", "--front", "secured=127.0.0.1:" + front));
      children.add(start(cluster, broker, "node-b", "standby", "--vm", "secured"));
      cluster.awaitService(front, TestPair.TIMEOUT);
      awaitStandby(cluster, broker);
      try (IncrTraffic traffic =
          IncrTraffic.start(
              new IncrTraffic.Settings(
                  "secured", front, 2, Duration.ofMillis(2), TestPair.TIMEOUT))) {
        awaitAcknowledged(cluster, traffic, 100);
        leader.kill();
        awaitAcknowledged(cluster, traffic, traffic.acknowledged() + 100);
      }
      assertThat(status(broker).get(0).term()).isEqualTo(2);
      for (ChildJvm child : children) {
        child.close();
        assertNoPassword(child.name(), child.lines());
      }
    }
  }

  /** Everything that node processes, an operator and an auditor do besides. */
  @Test
  @Timeout(value = 6, unit = TimeUnit.MINUTES)
  void nodesCloneAndShortenTheLog_andPeopleGiveOrdersAndRead_withLeastPrivileges()
      throws Exception {
    Needs.kvm();
    try (SecuredBroker broker = SecuredBroker.start(directory, true, USERS);
        LocalCluster cluster = TestPair.cluster("secured-nodes")) {
      allow(broker);
      int front = LocalCluster.freePort();
      List<ChildJvm> children = new ArrayList<>();
      children.add(
          start(
              cluster, broker, "watcher", "coordinator", "--front", "secured=127.0.0.1:" + front));
      children.add(
          start(cluster, broker, "node-a", "node", "--vm", "secured", "--begin", "--memory", "16"));
      cluster.awaitService(front, TestPair.TIMEOUT);
      String[] clones = {"--start", "snapshot", "--replay-at-most", "0", "--retain", "10s"};
      ChildJvm clone = start(cluster, broker, "node-b", with(clones, "node", "--vm", "secured"));
      children.add(clone);
      awaitStandby(cluster, broker);
      assertThat(clone.lines()).anyMatch(line -> line.contains("loaded a snapshot"));
      try (IncrTraffic traffic =
          IncrTraffic.start(
              new IncrTraffic.Settings(
                  "orders", front, 2, Duration.ofMillis(2), TestPair.TIMEOUT))) {
        awaitAcknowledged(cluster, traffic, 50);
        children.add(done(start(cluster, broker, "reader", "log", "--vm", "secured", "--json")));
        children.add(done(start(cluster, broker, "boss", "switch", "--vm", "secured")));
        children.add(done(start(cluster, broker, "boss", "pause", "--vm", "secured")));
        children.add(done(start(cluster, broker, "boss", "resume", "--vm", "secured")));
        awaitAcknowledged(cluster, traffic, traffic.acknowledged() + 50);
        cluster.await(
            () ->
                status(broker).get(0).nodes().stream()
                    .anyMatch(one -> one.beat().logFirstEpoch() > 0),
            "the leader has shortened the log",
            TestPair.TIMEOUT.multipliedBy(2));
        children.add(done(start(cluster, broker, "boss", "status")));
      }
      for (ChildJvm child : children) {
        child.close();
        assertNoPassword(child.name(), child.lines());
      }
    }
  }

  private static String[] with(String[] options, String... command) {
    return Stream.of(command, options).flatMap(Stream::of).toArray(String[]::new);
  }

  private static ChildJvm done(ChildJvm command) {
    assertThat(command.awaitExit(TestPair.TIMEOUT)).as(command.tail()).isZero();
    return command;
  }

  @Test
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void refusesInOneLineWithoutThePassword_whenItIsWrong() throws Exception {
    try (SecuredBroker broker = SecuredBroker.start(directory, false, USERS);
        LocalCluster cluster = TestPair.cluster("wrong-password")) {
      Path config = directory.resolve("wrong.properties");
      List<String> lines = new ArrayList<>();
      broker
          .properties("node-a")
          .forEach(
              (name, value) ->
                  lines.add(name + "=" + value.replace("hush-node-a", "hush-node-a-wrong")));
      Files.write(config, lines);
      ChildJvm child =
          cluster.start(
              "wrong-password",
              List.of(
                  "topics",
                  "describe",
                  "--vm",
                  "secured",
                  "--debug",
                  "--bootstrap-server",
                  broker.bootstrapServers(),
                  "--command-config",
                  config.toString()));

      assertThat(child.awaitExit(TestPair.TIMEOUT)).as(child.tail()).isEqualTo(6);
      assertThat(child.lines()).anyMatch(line -> line.contains("Authentication failed"));
      assertNoPassword("wrong password", child.lines());
    }
  }

  /** A standby that hears no orders would look well and never take over. */
  @ParameterizedTest
  @ValueSource(strings = {"standby", "node"})
  @Timeout(value = 3, unit = TimeUnit.MINUTES)
  void endsAtOnceAndNamesThePermission_whenItMayNotReadOrders(String command) throws Exception {
    Needs.kvm();
    try (SecuredBroker broker = SecuredBroker.start(directory, false, USERS);
        LocalCluster cluster = TestPair.cluster("no-orders-" + command)) {
      allow(broker);
      try (Admin admin = broker.connection(SecuredBroker.ADMIN).admin()) {
        List<AclBindingFilter> orders =
            AccessRules.of(AccessRole.STANDBY, Optional.of(VM)).stream()
                .filter(rule -> rule.name().equals(Topics.CONTROL))
                .filter(rule -> rule.operation() == AclOperation.READ)
                .map(rule -> rule.binding("User:node-b").toFilter())
                .toList();
        admin.deleteAcls(orders).all().get();
      }
      ChildJvm child = start(cluster, broker, "node-b", command, "--vm", "secured");

      assertThat(child.awaitExit(TestPair.TIMEOUT)).as(child.tail()).isEqualTo(6);
      assertThat(child.lines())
          .anyMatch(line -> line.contains("missing=[READ of " + Topics.CONTROL + " ("));
    }
  }

  private static void assertNoPassword(String name, List<String> lines) {
    assertThat(lines).as(name).isNotEmpty().noneMatch(line -> line.contains("hush"));
  }

  private ChildJvm start(LocalCluster cluster, SecuredBroker broker, String user, String... command)
      throws IOException {
    Path config = directory.resolve(user + ".properties");
    List<String> lines = new ArrayList<>();
    broker.properties(user).forEach((name, value) -> lines.add(name + "=" + value));
    Files.write(config, lines);
    List<String> arguments = new ArrayList<>(List.of(command));
    if (NODES.contains(command[0])) {
      arguments.addAll(List.of("--node", user, "--state", directory.resolve(user).toString()));
    }
    arguments.addAll(
        List.of(
            "--bootstrap-server",
            broker.bootstrapServers(),
            "--command-config",
            config.toString(),
            "--debug"));
    return cluster.start(user, arguments);
  }

  /** An operator prepares the topics, and everybody is allowed what the role needs. */
  private static void allow(SecuredBroker broker) throws Exception {
    try (LogTopics topics = new LogTopics(broker.connection(SecuredBroker.ADMIN))) {
      topics.createShared();
      topics.create(VM, 4);
    }
    List<AclBinding> acls = new ArrayList<>();
    add(acls, AccessRole.PRIMARY, "User:node-a");
    add(acls, AccessRole.STANDBY, "User:node-b");
    add(acls, AccessRole.COORDINATOR, "User:watcher");
    add(acls, AccessRole.OPERATOR, "User:boss");
    add(acls, AccessRole.AUDITOR, "User:reader");
    for (String node : List.of("User:node-a", "User:node-b")) {
      AccessRules.retention(VM).forEach(rule -> acls.add(rule.binding(node)));
    }
    try (Admin admin = broker.connection(SecuredBroker.ADMIN).admin()) {
      admin.createAcls(acls).all().get();
    }
  }

  private static void add(List<AclBinding> acls, AccessRole role, String principal) {
    AccessRules.of(role, Optional.of(VM)).forEach(rule -> acls.add(rule.binding(principal)));
  }

  private static void awaitStandby(LocalCluster cluster, SecuredBroker broker) {
    cluster.await(
        () ->
            status(broker).stream()
                .flatMap(vm -> vm.nodes().stream())
                .anyMatch(
                    node ->
                        node.beat().role() == NodeRole.STANDBY
                            && node.isHeard()
                            && node.beat().epoch() >= 0),
        "a standby follows",
        TestPair.TIMEOUT);
  }

  private static List<ClusterStatus.Vm> status(SecuredBroker broker) {
    return ClusterStatus.collect(broker.connection(SecuredBroker.ADMIN), Duration.ofMillis(1_200))
        .vms();
  }

  private static void awaitAcknowledged(LocalCluster cluster, IncrTraffic traffic, long count) {
    cluster.await(
        () -> traffic.acknowledged() >= count, "requests acknowledged: " + count, TestPair.TIMEOUT);
  }
}
