package io.understudy.failover.coordinator;

import io.understudy.capture.HostClock;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmRecord;
import java.time.Duration;

/**
 * The cluster as a node sees it that decides alone when it must: of all that a {@link Coordinator}
 * wants to do only its orders for this very node get through, and they only while no real
 * coordinator is there. So every node judges all leaders by the same rules, and of those that could
 * replace one only the furthest acts.
 *
 * <p>Owned by the watch's thread.
 */
final class LoneCluster implements ClusterPort {
  private final ClusterPort cluster;
  private final String node;
  private final HostClock clock;
  private final long quietNanos;
  private long coordinatorHeardNanos;

  /**
   * Takes ownership of {@code cluster}.
   *
   * @param node this node
   * @param quiet without any coordinator's probe for this long, there is none
   */
  LoneCluster(ClusterPort cluster, String node, Duration quiet, HostClock clock) {
    this.cluster = cluster;
    this.node = node;
    this.clock = clock;
    this.quietNanos = quiet.toNanos();
    this.coordinatorHeardNanos = clock.nanoTime();
  }

  @Override
  public int poll(Inbox inbox) {
    return cluster.poll(new Listening(inbox));
  }

  /** The probe is needed to measure the cluster by; views of it would be noise. */
  @Override
  public void beat(Heartbeat beat) {
    if (CoordinatorBeat.isProbe(beat)) {
      cluster.beat(CoordinatorBeat.alone(beat));
    }
  }

  /**
   * The watch repeats an order until its standby acts, so what is held back now gets its chance
   * when the coordinator is gone as well.
   */
  @Override
  public boolean order(PromotionOrdered order) {
    boolean alone = clock.nanoTime() - coordinatorHeardNanos >= quietNanos;
    return alone && order.toNode().equals(node) && cluster.order(order);
  }

  @Override
  public void askCommittedEnd(VmRecord vm) {
    cluster.askCommittedEnd(vm);
  }

  @Override
  public void close() {
    cluster.close();
  }

  /** Hears coordinators. */
  private final class Listening implements Inbox {
    private final Inbox next;

    Listening(Inbox next) {
      this.next = next;
    }

    @Override
    public void directory(VmRecord vm) {
      next.directory(vm);
    }

    @Override
    public void beat(Heartbeat beat) {
      if (CoordinatorBeat.isProbe(beat) && !CoordinatorBeat.isAlone(beat)) {
        coordinatorHeardNanos = clock.nanoTime();
      }
      next.beat(beat);
    }

    @Override
    public void order(PromotionOrdered order, boolean retained) {
      next.order(order, retained);
    }

    @Override
    public void committedEnd(VmRecord vm, long end) {
      next.committedEnd(vm, end);
    }
  }
}
