package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * One coordinator and a pair of node processes with many VMs; the number is the system property
 * {@code node.vms}.
 */
class ManyVmsIT {
  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void allVmsComeBackOnTheOtherNode_whenOneNodeIsKilled() throws Exception {
    Needs.kvm();
    int count = Integer.getInteger("node.vms", 8);
    List<String> vms = IntStream.rangeClosed(1, count).mapToObj(i -> "ledger-" + i).toList();
    try (LocalCluster cluster = TestPair.cluster("many-vms-" + count)) {
      TestNodes nodes = new TestNodes(cluster, vms);
      nodes.start("host-a", "--begin");
      nodes.startCoordinator("coordinator");
      vms.forEach(vm -> nodes.awaitLeader(vm, 1));
      nodes.start("host-b");
      vms.forEach(vm -> nodes.awaitFollowing(vm, "host-b", Optional.empty()));
      vms.forEach(nodes::awaitService);
      measure(cluster, nodes, count);

      List<IncrTraffic> traffic = new ArrayList<>();
      try {
        for (String vm : vms) {
          traffic.add(nodes.traffic(vm, "many"));
        }
        traffic.forEach(clients -> nodes.awaitAcknowledged(clients, 20));
        measure(cluster, nodes, count);
        List<Long> terms = vms.stream().map(vm -> nodes.awaitLeader(vm, 1).term()).toList();
        List<String> there =
            vms.stream().filter(vm -> nodes.awaitLeader(vm, 1).node().equals("host-a")).toList();
        assertThat(there).isNotEmpty();

        nodes.process("host-a").kill();
        for (String vm : there) {
          Heartbeat successor = nodes.awaitLeader(vm, terms.get(vms.indexOf(vm)) + 1);
          assertThat(successor.node()).isEqualTo("host-b");
        }
        traffic.forEach(clients -> nodes.awaitAcknowledged(clients, 20));
        for (IncrTraffic clients : traffic) {
          nodes.assertNothingLostOrTwice(clients);
        }
      } finally {
        traffic.forEach(IncrTraffic::close);
      }
      List<Optional<UUID>> killed =
          vms.stream().map(vm -> nodes.incarnation(vm, "host-a")).toList();
      nodes.start("host-a");
      vms.forEach(vm -> nodes.awaitFollowing(vm, "host-a", killed.get(vms.indexOf(vm))));
      assertThat(nodes.divergences()).isEmpty();
    }
  }

  /**
   * The furthest standby is promoted, not the first by name; and the other follows the new term.
   */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void furthestStandbyLeadsAndTheOtherFollowsIt_whenOneWasStopped() throws Exception {
    Needs.kvm();
    String vm = "ledger";
    try (LocalCluster cluster = TestPair.cluster("two-standbys")) {
      TestNodes nodes = new TestNodes(cluster, List.of(vm));
      nodes.start("host-c", "--begin");
      nodes.startCoordinator("coordinator");
      nodes.awaitLeader(vm, 1);
      ChildJvm behind = nodes.start("host-a");
      nodes.start("host-b");
      nodes.awaitFollowing(vm, "host-a", Optional.empty());
      nodes.awaitFollowing(vm, "host-b", Optional.empty());
      nodes.awaitService(vm);
      try (IncrTraffic traffic = nodes.traffic(vm, "standbys")) {
        nodes.awaitAcknowledged(traffic, 20);
        behind.pause();
        nodes.awaitAcknowledged(traffic, 100);

        nodes.process("host-c").kill();
        assertThat(nodes.awaitLeader(vm, 2).node()).isEqualTo("host-b");
        nodes.awaitAcknowledged(traffic, 20);
        behind.resume();

        Heartbeat leader = nodes.awaitLeader(vm, 2);
        cluster.await(
            () ->
                cluster
                    .beats()
                    .newest(vm, "host-a")
                    .filter(beat -> beat.role() == NodeRole.STANDBY && beat.term() == 2)
                    .filter(beat -> beat.epoch() >= leader.epoch())
                    .isPresent(),
            "the other standby follows the new term",
            TestNodes.TIMEOUT);
        nodes.assertNothingLostOrTwice(traffic);
      }
      assertThat(nodes.divergences()).isEmpty();
    }
  }

  /** For people: what so many VMs take; nothing is asserted about it. */
  private static void measure(LocalCluster cluster, TestNodes nodes, int count) throws IOException {
    for (String node : List.of("host-a", "host-b")) {
      long pid = nodes.process(node).pid();
      long before = cpuMillis(pid);
      cluster.listen(Duration.ofSeconds(5));
      System.out.printf(
          "ManyVmsIT: vms=%d node=%s rssMiB=%d threads=%d cpuPercent=%d%n",
          count,
          node,
          status(pid, "VmRSS:") / 1024,
          status(pid, "Threads:"),
          (cpuMillis(pid) - before) / 50);
    }
  }

  private static long cpuMillis(long pid) {
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(Duration::toMillis)
        .orElse(0L);
  }

  private static long status(long pid, String name) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(pid), "status")).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0L);
  }
}
