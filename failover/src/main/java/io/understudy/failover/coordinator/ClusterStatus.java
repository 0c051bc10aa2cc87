package io.understudy.failover.coordinator;

import io.understudy.failover.front.Endpoint;
import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.LogEnd;
import io.understudy.log.TopicFollower;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmRecord;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaFuture;

/**
 * What is known about a cluster's VMs without asking a coordinator: from the directory, from the
 * heartbeats during a short look, and from the ends of the logs. Immutable.
 *
 * @param vms the VMs, by id
 * @param coordinators coordinators that were there last, by name
 */
public record ClusterStatus(List<Vm> vms, List<Observer> coordinators) {
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration END_TIMEOUT = Duration.ofSeconds(5);

  /** Copies the lists. */
  public ClusterStatus {
    vms = List.copyOf(vms);
    coordinators = List.copyOf(coordinators);
  }

  /**
   * One VM.
   *
   * @param directory its directory entry
   * @param term highest term that anybody names
   * @param leader node that leads it, empty when none says so
   * @param committedEpoch newest epoch known to be committed, -1 when none is known
   * @param logEnd how far its log is committed, empty when the brokers did not say
   * @param nodes nodes of its run, by name
   * @param views what coordinators think of it, by name
   * @param orders how its run is to live and who is to follow it, as far as anybody ordered that
   */
  public record Vm(
      VmRecord directory,
      long term,
      Optional<String> leader,
      long committedEpoch,
      Optional<LogEnd> logEnd,
      List<Node> nodes,
      List<View> views,
      List<ControlOrder> orders) {
    /** Copies the lists. */
    public Vm {
      orders = List.copyOf(orders);
      nodes = List.copyOf(nodes);
      views = List.copyOf(views);
    }
  }

  /**
   * A node of a VM.
   *
   * @param beat its newest heartbeat
   * @param isHeard whether it sent a heartbeat during the look
   * @param ageMillis age of that heartbeat by the two hosts' wall clocks, from 0
   * @param lagEpochs committed epochs it has not applied, from 0
   * @param lagMillis how long ago the leader was where this node is; empty when that was before the
   *     look, or there was no leader
   */
  public record Node(
      Heartbeat beat, boolean isHeard, long ageMillis, long lagEpochs, OptionalLong lagMillis) {}

  /**
   * What a coordinator thinks of a VM.
   *
   * @param coordinator its name
   * @param isHeard whether that coordinator sent anything during the look
   * @param ageMillis age of the view by the two hosts' wall clocks, from 0
   * @param state name of a {@link VmState}
   * @param front name of the state of its front, empty when it runs none
   * @param clients where that front listens
   */
  public record View(
      String coordinator,
      boolean isHeard,
      long ageMillis,
      String state,
      Optional<String> front,
      Optional<Endpoint> clients) {}

  /**
   * A coordinator.
   *
   * @param name its name
   * @param incarnation identity of its process
   * @param isHeard whether it sent a probe during the look
   * @param ageMillis age of its newest probe by the two hosts' wall clocks, from 0
   */
  public record Observer(String name, UUID incarnation, boolean isHeard, long ageMillis) {}

  /**
   * Looks at a cluster.
   *
   * @param look how long to listen for heartbeats; several of their intervals, and one second to
   *     tell living coordinators' views from old ones
   * @throws io.understudy.log.LogException if the shared topics cannot be read
   */
  public static ClusterStatus collect(ClusterConnection connection, Duration look) {
    try (TopicFollower<VmRecord> directory = VmDirectory.follower(connection, OPEN_TIMEOUT);
        TopicFollower<Heartbeat> heartbeats = HeartbeatTopic.follower(connection, OPEN_TIMEOUT);
        TopicFollower<ControlOrder> orders = ControlTopic.follower(connection, OPEN_TIMEOUT);
        Admin admin = connection.admin()) {
      StatusCollector collector = new StatusCollector();
      directory.current().values().forEach(collector::directory);
      heartbeats.current().values().forEach(collector::retained);
      orders.current().values().forEach(collector::order);
      SortedMap<String, KafkaFuture<LogEnd>> ends = new TreeMap<>();
      directory.current().forEach((vm, entry) -> ends.put(vm, LogEnds.ask(admin, entry)));

      long startNanos = System.nanoTime();
      long leftNanos = look.toNanos();
      while (leftNanos > 0) {
        List<Heartbeat> beats = heartbeats.poll(Duration.ofNanos(leftNanos));
        long nowNanos = System.nanoTime();
        beats.forEach(beat -> collector.heard(beat, nowNanos));
        leftNanos = look.toNanos() - (nowNanos - startNanos);
      }
      ends.forEach((vm, end) -> await(end).ifPresent(found -> collector.logEnd(vm, found)));
      return collector.status(System.nanoTime(), System.currentTimeMillis());
    }
  }

  /** Empty if the brokers do not say in time: a status without it is better than none. */
  private static Optional<LogEnd> await(KafkaFuture<LogEnd> end) {
    try {
      return Optional.of(end.get(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException | TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
