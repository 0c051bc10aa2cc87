package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.HistoryChecker;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.cli.demo.TrafficHistory;
import io.understudy.schemas.Heartbeat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One VM with a leader, a standby and a coordinator whose front serves clients; what the system
 * tests do to them. Owned by the test's thread. Closes nothing: the processes are the cluster's.
 */
final class TestPair {
  /** Longer than anything takes on a host with two busy processors. */
  static final Duration TIMEOUT = Duration.ofSeconds(60);

  private static final int CLIENTS = 3;
  private static final Duration THINK = Duration.ofMillis(2);

  private final LocalCluster cluster;
  private final String vm;
  private final int port = LocalCluster.freePort();
  private ChildJvm leader;
  private String leaderNode = "node-1";
  private ChildJvm standby;
  private String standbyNode = "";
  private long term = 1;
  private int nodes = 1;

  private TestPair(LocalCluster cluster, String vm) {
    this.cluster = cluster;
    this.vm = vm;
  }

  /** A cluster with its data in {@code target/system-tests/NAME}, without what was there before. */
  static LocalCluster cluster(String name) throws IOException {
    Path directory = Path.of("target", "system-tests", name).toAbsolutePath();
    if (Files.exists(directory)) {
      try (Stream<Path> old = Files.walk(directory)) {
        for (Path path : (Iterable<Path>) old.sorted(Comparator.reverseOrder())::iterator) {
          Files.delete(path);
        }
      }
    }
    return LocalCluster.start(directory);
  }

  /** Starts everything, and returns when the standby follows and clients are served. */
  static TestPair start(LocalCluster cluster, String vm, String... standbyOptions) {
    return startWith(cluster, vm, List.of(), standbyOptions);
  }

  /** The same, with options for the primary. */
  static TestPair startWith(
      LocalCluster cluster, String vm, List<String> primaryOptions, String... standbyOptions) {
    TestPair pair = new TestPair(cluster, vm);
    pair.leader = cluster.startPrimary(vm, pair.leaderNode, primaryOptions.toArray(String[]::new));
    cluster.startCoordinator(vm, pair.port);
    cluster.awaitLeader(vm, pair.leaderNode, 1, TIMEOUT);
    pair.startStandby(standbyOptions);
    cluster.awaitService(pair.port, TIMEOUT);
    return pair;
  }

  /** Starts a standby with a store of its own and waits until it follows. */
  void startStandby(String... options) {
    nodes++;
    standbyNode = "node-" + nodes;
    standby = cluster.startStandby(vm, standbyNode, options);
    cluster.awaitFollowing(vm, standbyNode, TIMEOUT);
  }

  /** Starts the killed standby again, with the store it had. */
  void restartStandby(String... options) {
    standby = cluster.startStandby(vm, standbyNode, options);
  }

  /** Clients that count, on keys that begin with {@code prefix}. */
  IncrTraffic traffic(String prefix) throws IOException {
    return IncrTraffic.start(new IncrTraffic.Settings(prefix, port, CLIENTS, THINK, TIMEOUT));
  }

  /** Waits until {@code more} further requests are acknowledged. */
  void awaitAcknowledged(IncrTraffic traffic, long more) {
    long wanted = traffic.acknowledged() + more;
    cluster.await(
        () -> traffic.acknowledged() >= wanted || traffic.living() < CLIENTS,
        "acknowledged requests: vm=" + vm + " wanted=" + wanted,
        TIMEOUT);
  }

  /** Waits until the standby leads; it is the leader from here on, and there is no standby. */
  void awaitTakeover() {
    term++;
    cluster.awaitLeader(vm, standbyNode, term, TIMEOUT);
    leader = standby;
    leaderNode = standbyNode;
    standby = null;
  }

  /** Ends the traffic and checks what the clients saw. */
  HistoryChecker.Result assertNothingLostOrTwice(IncrTraffic traffic) throws IOException {
    TrafficHistory history;
    try {
      history = traffic.stop();
    } catch (IOException e) {
      throw cluster.failure("keys cannot be read: " + e);
    }
    HistoryChecker.Result result = HistoryChecker.check(history);
    if (!result.isClean()) {
      throw cluster.failure("clients saw what cannot be: " + result);
    }
    assertThat(result.acknowledged()).as("acknowledged requests").isPositive();
    return result;
  }

  Heartbeat leaderBeat() {
    cluster.beats().poll();
    return cluster.beats().newest(vm, leaderNode).orElseThrow();
  }

  Heartbeat standbyBeat() {
    cluster.beats().poll();
    return cluster.beats().newest(vm, standbyNode).orElseThrow();
  }

  ChildJvm leader() {
    return leader;
  }

  ChildJvm standby() {
    return standby;
  }

  String standbyNode() {
    return standbyNode;
  }

  int port() {
    return port;
  }
}
