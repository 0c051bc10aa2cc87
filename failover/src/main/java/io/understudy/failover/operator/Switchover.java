package io.understudy.failover.operator;

import io.understudy.failover.coordinator.NodePhase;
import io.understudy.failover.operator.RunDesk.Heard;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Moves a run's leadership to another node on purpose. A standby counts as close if it has applied
 * what was committed a second ago. Owned by one thread.
 */
public final class Switchover {
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final RunDesk desk;
  private long stoodAside;

  /**
   * What came of it; times in milliseconds by receipt of heartbeats here.
   *
   * @param from who led
   * @param to who leads
   * @param term the new term
   * @param pauseMillis from the first sign that nobody served any more until the new leader served;
   *     empty if all was over between two heartbeats
   * @param totalMillis from the order until the new leader served
   */
  public record Result(
      String from, String to, long term, OptionalLong pauseMillis, long totalMillis) {}

  /** A switchover of the desk's run. */
  public Switchover(RunDesk desk) {
    this.desk = desk;
  }

  /**
   * Orders it and waits for it.
   *
   * @param to who shall lead; null for the standby that is furthest
   * @param force whether a standby that is not close will do
   * @throws OrderRefusedException if it was refused, or did not happen in time
   */
  public Result run(String to, boolean force, Order order) {
    desk.await(() -> desk.leader().isPresent(), LOOK);
    Heartbeat leader =
        desk.leader()
            .orElseThrow(
                () ->
                    refused(
                        "nobody leads now, so there is nothing to switch over; a coordinator"
                            + " promotes a standby when there is one"));
    desk.listen(LOOK);
    Heartbeat candidate = candidate(to, leader);
    if (candidate.epoch() < leader.epoch() && !force) {
      throw refused(
          "the standby does not follow closely: node="
              + candidate.node()
              + " epoch="
              + candidate.epoch()
              + " committed a second ago="
              + leader.epoch()
              + ": wait, or --force to let the guest stand still until it has caught up");
    }
    return promote(leader, candidate, order);
  }

  private Heartbeat candidate(String to, Heartbeat leader) {
    if (leader.node().equals(to)) {
      throw refused("it leads already: node=" + to);
    }
    Optional<Heartbeat> found =
        desk.nodes().stream()
            .map(Heard::beat)
            .filter(NodePhase::canLead)
            .filter(beat -> to == null || beat.node().equals(to))
            .max(
                Comparator.comparingLong(Heartbeat::epoch)
                    .thenComparing(Heartbeat::node, Comparator.reverseOrder()));
    return found.orElseThrow(
        () ->
            refused(
                (to == null ? "no standby follows" : "no such standby follows: node=" + to)
                    + ": heard="
                    + desk.nodes().stream().map(heard -> heard.beat().node()).toList()));
  }

  private Result promote(Heartbeat leader, Heartbeat candidate, Order order) {
    long ordered = System.nanoTime();
    desk.order(
        new PromotionOrdered(
            leader.vm(),
            leader.run(),
            leader.term(),
            candidate.node(),
            UUID.randomUUID(),
            order.reason(),
            order.by(),
            System.currentTimeMillis()));
    boolean done =
        desk.await(
            () -> hasTakenOver(leader, candidate) || other(leader, candidate).isPresent(),
            order.timeout());
    Optional<Heartbeat> other = other(leader, candidate);
    if (other.isPresent()) {
      throw refused(
          "another node leads since: node="
              + other.orElseThrow().node()
              + " term="
              + other.orElseThrow().term()
              + ": the order has no effect any more");
    }
    if (!done) {
      throw refused(
          "ordered, but the standby does not lead yet: node="
              + candidate.node()
              + " "
              + desk.node(candidate.node()).map(heard -> heard.beat().phase()).orElse("unheard")
              + ": the order stands");
    }
    Heard successor = desk.node(candidate.node()).orElseThrow();
    return new Result(
        leader.node(),
        candidate.node(),
        successor.beat().term(),
        stoodAside == 0
            ? OptionalLong.empty()
            : OptionalLong.of(millis(successor.atNanos() - stoodAside)),
        millis(successor.atNanos() - ordered));
  }

  private boolean hasTakenOver(Heartbeat leader, Heartbeat candidate) {
    Heard next = desk.node(candidate.node()).orElseThrow();
    boolean leads = next.beat().role() == NodeRole.PRIMARY && next.beat().term() > leader.term();
    boolean begun =
        leads
            || NodePhase.of(next.beat()) == NodePhase.FENCING
            || NodePhase.of(next.beat()) == NodePhase.DRAINING
            || desk.node(leader.node()).filter(old -> RunDesk.isPaused(old.beat())).isPresent();
    if (begun && !leads && stoodAside == 0) {
      stoodAside = System.nanoTime();
    }
    return leads;
  }

  /** Somebody else who has ended the leader's term. */
  private Optional<Heartbeat> other(Heartbeat leader, Heartbeat candidate) {
    return desk.leader()
        .filter(next -> next.term() > leader.term() && !next.node().equals(candidate.node()));
  }

  private OrderRefusedException refused(String why) {
    return new OrderRefusedException("vm=" + desk.vm().vm() + ": " + why);
  }

  private static long millis(long nanos) {
    return Math.max(0, nanos / 1_000_000);
  }
}
