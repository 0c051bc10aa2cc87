package io.understudy.systemtests;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.HistoryChecker;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Node processes that keep some VMs, and a coordinator with a front for each; what the system tests
 * do to them. Owned by the test's thread. Closes nothing: the processes are the cluster's.
 */
final class TestNodes {
  /** Longer than anything takes on a host with two busy processors. */
  static final Duration TIMEOUT = Duration.ofSeconds(90);

  private static final int CLIENTS = 2;
  private static final Duration THINK = Duration.ofMillis(5);

  private final LocalCluster cluster;
  private final List<String> vms;
  private final Map<String, Integer> ports = new TreeMap<>();
  private final Map<String, ChildJvm> processes = new HashMap<>();
  private ChildJvm coordinator;

  TestNodes(LocalCluster cluster, List<String> vms) {
    this.cluster = cluster;
    this.vms = List.copyOf(vms);
    vms.forEach(vm -> ports.put(vm, LocalCluster.freePort()));
  }

  /** Starts a node that keeps no VM until it is told to. */
  ChildJvm startEmpty(String node) {
    ChildJvm process = cluster.startNode(node, List.of());
    processes.put(node, process);
    return process;
  }

  /** Starts a node, or starts it again. */
  ChildJvm start(String node, String... options) {
    ChildJvm process = cluster.startNode(node, vms, options);
    processes.put(node, process);
    return process;
  }

  void startCoordinator(String name, String... options) {
    coordinator = cluster.startCoordinator(name, ports, options);
  }

  ChildJvm coordinator() {
    return coordinator;
  }

  ChildJvm process(String node) {
    return processes.get(node);
  }

  int port(String vm) {
    return ports.get(vm);
  }

  /** Waits until somebody leads {@code vm} in {@code term} or later and serves. */
  Heartbeat awaitLeader(String vm, long term) {
    cluster.await(
        () -> cluster.beats().leader(vm, term).isPresent(),
        "somebody leads: vm=" + vm + " term=" + term,
        TIMEOUT);
    return cluster.beats().leader(vm, term).orElseThrow();
  }

  void awaitService(String vm) {
    cluster.awaitService(port(vm), TIMEOUT);
  }

  /** The process that {@code node} is in for {@code vm}, by its newest heartbeat. */
  Optional<UUID> incarnation(String vm, String node) {
    cluster.beats().poll();
    return cluster.beats().newest(vm, node).map(Heartbeat::incarnation);
  }

  /**
   * Waits until {@code node} follows {@code vm} closely, as another incarnation than {@code not}:
   * it has applied what was committed when this was called.
   */
  Heartbeat awaitFollowing(String vm, String node, Optional<UUID> not) {
    cluster.beats().poll();
    long epoch = cluster.beats().leader(vm, 1).map(Heartbeat::epoch).orElse(0L);
    cluster.await(
        () ->
            cluster
                .beats()
                .newest(vm, node)
                .filter(beat -> beat.role() == NodeRole.STANDBY && beat.phase().equals("FOLLOWING"))
                .filter(beat -> !Optional.of(beat.incarnation()).equals(not))
                .filter(beat -> beat.epoch() >= epoch)
                .isPresent(),
        "node follows: vm=" + vm + " node=" + node + " epoch=" + epoch,
        TIMEOUT);
    return cluster.beats().newest(vm, node).orElseThrow();
  }

  /** Clients that count, on keys of {@code vm} that begin with {@code prefix}. */
  IncrTraffic traffic(String vm, String prefix) throws IOException {
    return IncrTraffic.start(new IncrTraffic.Settings(prefix, port(vm), CLIENTS, THINK, TIMEOUT));
  }

  /** Waits until {@code more} further requests are acknowledged. */
  void awaitAcknowledged(IncrTraffic traffic, long more) {
    long wanted = traffic.acknowledged() + more;
    cluster.await(
        () -> traffic.acknowledged() >= wanted || traffic.living() < CLIENTS,
        "acknowledged requests: wanted=" + wanted,
        TIMEOUT);
  }

  /** Ends the traffic and checks what the clients saw. */
  HistoryChecker.Result assertNothingLostOrTwice(IncrTraffic traffic) throws IOException {
    HistoryChecker.Result result;
    try {
      result = HistoryChecker.check(traffic.stop());
    } catch (IOException e) {
      throw cluster.failure("keys cannot be read: " + e);
    }
    if (!result.isClean() || result.acknowledged() == 0) {
      throw cluster.failure("clients saw what cannot be: " + result);
    }
    return result;
  }

  /** Runs an operator's command to its end. */
  ChildJvm operator(String name, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--bootstrap-server", cluster.bootstrapServers()));
    ChildJvm command = cluster.start("operator-" + name, all);
    command.awaitExit(TIMEOUT);
    return command;
  }

  /** What all nodes said when a machine was not what the log says; empty if none did. */
  List<String> divergences() {
    List<String> lines = new ArrayList<>();
    processes
        .values()
        .forEach(
            process ->
                process.lines().stream()
                    .filter(line -> line.contains("diverged"))
                    .forEach(lines::add));
    return lines;
  }
}
