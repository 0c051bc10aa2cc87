package io.understudy.cli.demo;

import io.understudy.failover.coordinator.NodePhase;
import io.understudy.log.ClusterConnection;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.TopicFollower;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Listens to heartbeats: the newest of each node, and every one in which a node or a coordinator
 * said something new, for the timeline of a failover. All processes run on this host, so their wall
 * clocks are one clock. Owned by one thread.
 */
public final class NodeBeats implements AutoCloseable {
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(20);

  private final TopicFollower<Heartbeat> follower;
  private final List<Heartbeat> changes = new ArrayList<>();

  NodeBeats(ClusterConnection connection) {
    this.follower = HeartbeatTopic.follower(connection, OPEN_TIMEOUT);
    follower.current().values().forEach(this::keepIfNew);
  }

  /** Takes what has arrived, waiting a few milliseconds at most. */
  public void poll() {
    follower.poll(POLL).forEach(this::keepIfNew);
  }

  /**
   * Listens until {@code condition} holds.
   *
   * @return whether it held before {@code timeout} was over
   */
  public boolean until(BooleanSupplier condition, Duration timeout) {
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadlineNanos >= 0) {
        return false;
      }
      poll();
    }
    return true;
  }

  /** The newest heartbeat of a node. */
  public Optional<Heartbeat> newest(String vm, String node) {
    return follower.current().values().stream()
        .filter(beat -> beat.vm().equals(vm) && beat.node().equals(node))
        .filter(beat -> beat.role() != NodeRole.COORDINATOR)
        .findFirst();
  }

  /** The newest view that a coordinator published of a VM. */
  public Optional<Heartbeat> coordinatorView(String vm) {
    return follower.current().values().stream()
        .filter(beat -> beat.vm().equals(vm) && beat.role() == NodeRole.COORDINATOR)
        .findFirst();
  }

  /** The newest leader, once it serves, if its term is {@code term} or later; it may be dead. */
  public Optional<Heartbeat> leader(String vm, long term) {
    return follower.current().values().stream()
        .filter(beat -> beat.vm().equals(vm) && beat.role() == NodeRole.PRIMARY)
        .filter(beat -> beat.term() >= term && NodePhase.of(beat) == NodePhase.LIVE)
        .max(Comparator.comparingLong(Heartbeat::term));
  }

  /**
   * A standby that could lead, has applied {@code epoch} and said so after {@code sinceMillis},
   * wall clock in milliseconds since 1970-01-01T00:00Z; the furthest of them.
   */
  Optional<Heartbeat> standby(String vm, long epoch, long sinceMillis) {
    return follower.current().values().stream()
        .filter(beat -> beat.vm().equals(vm) && NodePhase.canLead(beat))
        .filter(beat -> beat.epoch() >= epoch && beat.sentAtMillis() >= sinceMillis)
        .max(Comparator.comparingLong(Heartbeat::epoch));
  }

  /**
   * Wall clock (milliseconds since 1970-01-01T00:00Z) of the first heartbeat after {@code
   * sinceMillis} about {@code vm} from a {@code role} whose phase begins with {@code phase}.
   */
  Optional<Long> firstMillis(String vm, NodeRole role, String phase, long sinceMillis) {
    return changes.stream()
        .filter(beat -> beat.vm().equals(vm) && beat.role() == role)
        .filter(beat -> beat.phase().startsWith(phase) && beat.sentAtMillis() >= sinceMillis)
        .map(Heartbeat::sentAtMillis)
        .findFirst();
  }

  /** One line for each node, for messages. */
  String describe() {
    StringBuilder text = new StringBuilder("--- newest heartbeats\n");
    follower.current().values().forEach(beat -> text.append(beat).append('\n'));
    return text.toString();
  }

  @Override
  public void close() {
    follower.close();
  }

  private void keepIfNew(Heartbeat beat) {
    for (int i = changes.size() - 1; i >= 0; i--) {
      Heartbeat known = changes.get(i);
      if (known.vm().equals(beat.vm()) && known.node().equals(beat.node())) {
        if (known.phase().equals(beat.phase())
            && known.role() == beat.role()
            && known.term() == beat.term()
            && known.incarnation().equals(beat.incarnation())) {
          return;
        }
        break;
      }
    }
    changes.add(beat);
  }
}
