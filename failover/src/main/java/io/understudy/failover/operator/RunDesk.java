package io.understudy.failover.operator;

import io.understudy.failover.coordinator.NodePhase;
import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.TopicFollower;
import io.understudy.log.TopicPublisher;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmId;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * One run as an operator sees it: its nodes by the heartbeats that came since this was opened, and
 * the way to give orders. Owned by one thread.
 */
public final class RunDesk implements AutoCloseable {
  private static final Duration OPENING = Duration.ofSeconds(10);
  private static final Duration ORDER = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(20);

  private final TopicFollower<VmRecord> directory;
  private final TopicFollower<Heartbeat> heartbeats;
  private final TopicPublisher<ControlOrder> orders;
  private final VmId id;
  private final SortedMap<String, Heard> nodes = new TreeMap<>();

  /** A node's newest beat and when it came, in nanoseconds of the monotonic clock. */
  record Heard(Heartbeat beat, long atNanos) {}

  private RunDesk(ClusterConnection connection, VmId id) {
    this.id = id;
    this.directory = VmDirectory.follower(connection, OPENING);
    this.heartbeats = HeartbeatTopic.follower(connection, OPENING);
    this.orders = ControlTopic.publisher(connection, ORDER);
  }

  /**
   * Opens the run that {@code vm} has now.
   *
   * @throws IllegalArgumentException if it has none
   * @throws OrderRefusedException if the run is over
   */
  public static RunDesk open(ClusterConnection connection, VmId vm) {
    RunDesk desk = new RunDesk(connection, vm);
    try {
      if (desk.vm().status() == VmStatus.ENDED) {
        throw new OrderRefusedException("the run is over: vm=" + vm + " run=" + desk.vm().run());
      }
      return desk;
    } catch (RuntimeException refused) {
      desk.close();
      throw refused;
    }
  }

  /** Its newest directory entry. */
  VmRecord vm() {
    VmRecord entry = directory.current().get(id.text());
    if (entry == null) {
      throw new IllegalArgumentException(
          "no such VM in this cluster: vm=" + id + " known=" + directory.current().keySet());
    }
    return entry;
  }

  /** Writes an order. */
  void order(ControlOrder order) {
    orders.publish(order);
  }

  /** Listens for {@code duration}. */
  void listen(Duration duration) {
    await(() -> false, duration);
  }

  /** Listens until {@code condition} holds; false if it did not in time. */
  boolean await(BooleanSupplier condition, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline >= 0) {
        return false;
      }
      poll();
    }
    return true;
  }

  private void poll() {
    directory.poll(Duration.ZERO);
    for (Heartbeat beat : heartbeats.poll(POLL)) {
      boolean isNode = beat.role() == NodeRole.PRIMARY || beat.role() == NodeRole.STANDBY;
      if (isNode && beat.vm().equals(id.text()) && beat.run().equals(vm().run())) {
        nodes.put(beat.node(), new Heard(beat, System.nanoTime()));
      }
    }
  }

  /** The nodes heard so far, by name. */
  Collection<Heard> nodes() {
    return nodes.values();
  }

  /** The node of that name, if it was heard. */
  Optional<Heard> node(String name) {
    return Optional.ofNullable(nodes.get(name));
  }

  /** Who leads, of those that were heard: in the highest term. */
  Optional<Heartbeat> leader() {
    return nodes.values().stream()
        .map(Heard::beat)
        .filter(beat -> beat.role() == NodeRole.PRIMARY)
        .max(Comparator.comparingLong(Heartbeat::term));
  }

  /** Whether the leader's guest stands still because it was told to. */
  static boolean isPaused(Heartbeat leader) {
    return NodePhase.of(leader) == NodePhase.PAUSED;
  }

  @Override
  public void close() {
    try (directory;
        heartbeats) {
      orders.close();
    }
  }
}
