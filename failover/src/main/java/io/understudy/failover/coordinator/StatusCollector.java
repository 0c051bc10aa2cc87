package io.understudy.failover.coordinator;

import io.understudy.failover.front.Endpoint;
import io.understudy.log.LogEnd;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.LifeOrdered;
import io.understudy.schemas.ControlOrder.StandbyOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Computes a {@link ClusterStatus} from what was seen.
 *
 * <p>The lag in time is read from a table of when the leader's heartbeats named which epoch,
 * because heartbeats carry no time of an epoch. Owned by one thread, pure.
 */
final class StatusCollector {
  private final SortedMap<String, VmRecord> directory = new TreeMap<>();
  private final SortedMap<String, Heartbeat> newest = new TreeMap<>();
  private final SortedMap<String, ControlOrder> orders = new TreeMap<>();
  private final Set<String> heard = new HashSet<>();
  private final Set<UUID> heardProcesses = new HashSet<>();
  private final Map<String, LogEnd> ends = new HashMap<>();

  /** Per run: committed epochs by the instant at which a leader's heartbeat first named them. */
  private final Map<UUID, TreeMap<Long, Long>> nanosByEpoch = new HashMap<>();

  void directory(VmRecord entry) {
    directory.put(entry.vm(), entry);
  }

  /**
   * An order that stands; promotions and snapshots are over soon, and told by what came of them.
   */
  void order(ControlOrder order) {
    if (order instanceof LifeOrdered || order instanceof StandbyOrdered) {
      orders.put(order.key(), order);
    }
  }

  /** A heartbeat that was there before the look. */
  void retained(Heartbeat beat) {
    newest.put(Topics.heartbeatKey(beat.vm(), beat.node()), beat);
  }

  /** A heartbeat received during the look. */
  void heard(Heartbeat beat, long nowNanos) {
    String key = Topics.heartbeatKey(beat.vm(), beat.node());
    newest.put(key, beat);
    heard.add(key);
    heardProcesses.add(beat.incarnation());
    if (beat.role() == NodeRole.PRIMARY) {
      nanosByEpoch
          .computeIfAbsent(beat.run(), run -> new TreeMap<>())
          .putIfAbsent(beat.epoch(), nowNanos);
    }
  }

  void logEnd(String vm, LogEnd end) {
    ends.put(vm, end);
  }

  ClusterStatus status(long nowNanos, long wallMillis) {
    List<ClusterStatus.Vm> vms = new ArrayList<>();
    directory.values().forEach(entry -> vms.add(vm(entry, nowNanos, wallMillis)));
    List<ClusterStatus.Observer> coordinators = new ArrayList<>();
    newest.forEach(
        (key, beat) -> {
          if (CoordinatorBeat.isProbe(beat) && !CoordinatorBeat.isAlone(beat)) {
            coordinators.add(
                new ClusterStatus.Observer(
                    beat.node(), beat.incarnation(), heard.contains(key), age(beat, wallMillis)));
          }
        });
    return new ClusterStatus(vms, coordinators);
  }

  private ClusterStatus.Vm vm(VmRecord entry, long nowNanos, long wallMillis) {
    List<Heartbeat> beats =
        newest.values().stream()
            .filter(beat -> beat.vm().equals(entry.vm()) && beat.run().equals(entry.run()))
            .toList();
    long term = beats.stream().mapToLong(Heartbeat::term).reduce(entry.term(), Math::max);
    Optional<String> leader =
        beats.stream()
            .filter(beat -> beat.role() == NodeRole.PRIMARY && beat.term() == term)
            .map(Heartbeat::node)
            .findFirst()
            .or(() -> Optional.of(entry.node()).filter(node -> entry.term() == term));
    // A standby applies committed epochs only, so it can know better than a leader that is dead.
    long committed =
        beats.stream()
            .filter(StatusCollector::isNode)
            .mapToLong(Heartbeat::epoch)
            .reduce(-1, Math::max);
    List<ClusterStatus.Node> nodes = new ArrayList<>();
    List<ClusterStatus.View> views = new ArrayList<>();
    for (Heartbeat beat : beats) {
      if (isNode(beat)) {
        nodes.add(
            new ClusterStatus.Node(
                beat,
                heard.contains(Topics.heartbeatKey(beat.vm(), beat.node())),
                age(beat, wallMillis),
                committed - beat.epoch(),
                lagMillis(beat, committed, nowNanos)));
      } else if (beat.role() == NodeRole.COORDINATOR) {
        views.add(view(beat, wallMillis));
      }
    }
    return new ClusterStatus.Vm(
        entry,
        term,
        leader,
        committed,
        Optional.ofNullable(ends.get(entry.vm())),
        nodes,
        views,
        orders.values().stream()
            .filter(order -> order.vm().equals(entry.vm()) && order.run().equals(entry.run()))
            .toList());
  }

  private ClusterStatus.View view(Heartbeat beat, long wallMillis) {
    Optional<Endpoint> clients =
        beat.consolePort() == 0
            ? Optional.empty()
            : Optional.of(new Endpoint(beat.consoleHost(), beat.consolePort()));
    return new ClusterStatus.View(
        beat.node(),
        heardProcesses.contains(beat.incarnation()),
        age(beat, wallMillis),
        CoordinatorBeat.state(beat),
        CoordinatorBeat.frontState(beat),
        clients);
  }

  private OptionalLong lagMillis(Heartbeat beat, long committed, long nowNanos) {
    if (beat.epoch() >= committed) {
      return OptionalLong.of(0);
    }
    // The first later epoch was not there yet when the node's own epoch was the newest.
    TreeMap<Long, Long> table = nanosByEpoch.getOrDefault(beat.run(), new TreeMap<>());
    Map.Entry<Long, Long> later = table.higherEntry(beat.epoch());
    return later == null || table.floorKey(beat.epoch()) == null
        ? OptionalLong.empty()
        : OptionalLong.of((nowNanos - later.getValue()) / 1_000_000);
  }

  private static boolean isNode(Heartbeat beat) {
    return beat.role() == NodeRole.PRIMARY || beat.role() == NodeRole.STANDBY;
  }

  private static long age(Heartbeat beat, long wallMillis) {
    return Math.max(0, wallMillis - beat.sentAtMillis());
  }
}
