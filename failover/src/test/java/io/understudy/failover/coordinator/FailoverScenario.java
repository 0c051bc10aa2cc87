package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.capture.HostClock;
import io.understudy.failover.front.Endpoint;
import io.understudy.failover.front.FrontListener;
import io.understudy.failover.front.FrontState;
import io.understudy.failover.front.FrontStatistics;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmId;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/** Nodes, coordinators and a cluster on one scripted clock that moves a millisecond per step. */
final class FailoverScenario {
  static final long MILLI = 1_000_000;

  private long nanos = -5_000 * MILLI; // A monotonic clock may be negative and pass zero.
  private long nextId = 1;
  final SimulatedCluster cluster;
  final SortedMap<String, SimulatedNode> nodes = new TreeMap<>();
  final List<Member> coordinators = new ArrayList<>();

  /** A coordinator with its connection and its front. */
  static final class Member {
    final Coordinator coordinator;
    final SimulatedCluster.Port port;
    final ScriptedFront front = new ScriptedFront();
    boolean paused;

    private Member(FailoverScenario scenario, String name) {
      this.port = scenario.cluster.port();
      this.coordinator =
          new Coordinator(
              CoordinatorSettings.of(name), port, front, scenario.clock(), scenario::newId);
    }

    CoordinatorStatus.Watched watched() {
      return coordinator.status().vms().get(0);
    }

    VmState state() {
      return coordinator.status().vms().isEmpty() ? VmState.LEARNING : watched().state();
    }
  }

  /** A front without a network: remembers what it is told, says what the test wants. */
  static final class ScriptedFront implements VmFront, VmFront.Factory {
    FrontListener listener;
    Set<Endpoint> nodes = Set.of();
    boolean closed;
    boolean portIsTaken;
    int opened;

    @Override
    public Optional<VmFront> open(VmId vm, UUID run, FrontListener toListener) {
      if (portIsTaken) {
        throw new UncheckedIOException("front cannot listen", new BindException("in use"));
      }
      opened++;
      closed = false;
      listener = toListener;
      return Optional.of(this);
    }

    @Override
    public void nodes(Set<Endpoint> newNodes) {
      nodes = newNodes;
    }

    @Override
    public InetSocketAddress address() {
      return InetSocketAddress.createUnresolved("front", 6000);
    }

    @Override
    public FrontStatistics statistics() {
      return new FrontStatistics(
          FrontState.ATTACHED,
          0,
          0,
          0,
          0,
          0,
          0,
          Optional.empty(),
          1,
          Optional.empty(),
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          -1);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  FailoverScenario() {
    this.cluster = new SimulatedCluster(this::nanos, 3);
  }

  /** Node "a" leads, the others stand by, one coordinator watches and has finished learning. */
  static FailoverScenario started(String... standbys) {
    FailoverScenario scenario = new FailoverScenario();
    scenario.primary("a");
    for (String name : standbys) {
      scenario.standby(name);
    }
    scenario.coordinator("c1");
    scenario.run(Duration.ofMillis(1500));
    assertThat(scenario.c1().state()).isEqualTo(VmState.WATCHING);
    return scenario;
  }

  long nanos() {
    return nanos;
  }

  UUID newId() {
    return new UUID(42, nextId++);
  }

  HostClock clock() {
    return new HostClock() {
      @Override
      public long nanoTime() {
        return nanos;
      }

      @Override
      public long epochMillis() {
        return 1_700_000_000_000L + nanos / MILLI;
      }
    };
  }

  SimulatedNode primary(String name) {
    return add(name, NodeRole.PRIMARY);
  }

  /** A node that starts as a standby, in place of an earlier process of this name. */
  SimulatedNode standby(String name) {
    return add(name, NodeRole.STANDBY);
  }

  private SimulatedNode add(String name, NodeRole role) {
    SimulatedNode node = new SimulatedNode(cluster, name, newId(), role, nanos);
    nodes.put(name, node);
    return node;
  }

  Member coordinator(String name) {
    Member member = new Member(this, name);
    coordinators.add(member);
    return member;
  }

  Member c1() {
    return coordinators.get(0);
  }

  SimulatedNode node(String name) {
    return nodes.get(name);
  }

  void run(Duration duration) {
    for (long i = 0; i < duration.toMillis(); i++) {
      step();
    }
  }

  /** Steps until {@code condition} holds; returns the milliseconds it took. */
  long until(String what, Duration deadline, BooleanSupplier condition) {
    long start = nanos;
    while (!condition.getAsBoolean()) {
      assertThat(Duration.ofNanos(nanos - start))
          .as(() -> what + ": " + describe())
          .isLessThan(deadline);
      step();
    }
    return (nanos - start) / MILLI;
  }

  void step() {
    nanos += MILLI;
    nodes.values().forEach(node -> node.step(nanos));
    cluster.deliver();
    for (Member member : coordinators) {
      if (!member.paused) {
        member.coordinator.runOnce();
      }
    }
  }

  Optional<SimulatedNode> leader() {
    return nodes.values().stream().filter(SimulatedNode::isLeading).findFirst();
  }

  List<PromotionOrdered> orders() {
    List<PromotionOrdered> all = new ArrayList<>();
    coordinators.forEach(member -> all.addAll(member.port.orders));
    return all;
  }

  String describe() {
    StringBuilder text = new StringBuilder();
    coordinators.forEach(member -> text.append("\n  ").append(member.coordinator.status()));
    return text.append("\n  leaders=").append(cluster.log.leaders).toString();
  }
}
