package io.understudy.failover.node;

import io.understudy.capture.LiveRun;
import io.understudy.failover.coordinator.NodePhase;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.Life;
import io.understudy.schemas.ControlOrder.LifeOrdered;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.GuestEvent;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a leader obey: to stand still, to go on, to end the run; and to stand aside when another
 * node is to take over, so that nothing is executed that will be thrown away, and the successor has
 * less to drain. A successor obeys what its predecessor was told.
 *
 * <p>Made and closed by the vCPU thread, obeys on the board's thread.
 */
final class LeaderOrders implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LeaderOrders.class);

  /**
   * A successor that has not taken the log by then has trouble of its own, and the guest goes on.
   */
  private static final Duration ASIDE = Duration.ofSeconds(2);

  private final NodeSettings settings;
  private final UUID run;
  private final long term;
  private final LiveRun leadership;
  private final OrderBoard.Subscription subscription;
  private final OrderBoard board;

  /** Obeys what comes from now on. */
  LeaderOrders(
      NodeSettings settings,
      OrderBoard board,
      UUID run,
      long term,
      LiveRun leadership,
      Pulse pulse) {
    this.settings = settings;
    this.run = run;
    this.term = term;
    this.leadership = leadership;
    leadership.onStill(
        still -> pulse.phase(still ? NodePhase.PAUSED.name() : NodePhase.LIVE.name()));
    this.board = board;
    this.subscription = board.subscribe(this::consider);
  }

  /** Obeys what was ordered before; the leadership has not begun to run. */
  void obeyStanding() {
    if (board.life(settings.vm(), run).isPresent()) {
      leadership.keepOwnTime();
      obeyNewest();
    }
  }

  private void consider(ControlOrder order) {
    if (!order.vm().equals(settings.vm().text()) || !order.run().equals(run)) {
      return;
    }
    if (order instanceof LifeOrdered) {
      obeyNewest();
    } else if (order instanceof PromotionOrdered promotion
        && promotion.fromTerm() == term
        && !promotion.toNode().equals(settings.node())) {
      LOG.info(
          "stands aside: vm={} term={} for={} by={}",
          settings.vm(),
          term,
          promotion.toNode(),
          promotion.orderedBy());
      leadership.standAside(ASIDE);
    }
  }

  /** Two threads come here, and the later one must not undo what the other has obeyed. */
  private synchronized void obeyNewest() {
    board.life(settings.vm(), run).ifPresent(this::obey);
  }

  private void obey(LifeOrdered order) {
    LOG.info(
        "ordered to {}: vm={} run={} by={} reason={}",
        order.life(),
        settings.vm(),
        run,
        order.orderedBy(),
        order.reason());
    if (order.life() == Life.PAUSE) {
      leadership.pause();
    } else if (order.life() == Life.RUN) {
      leadership.resume();
    } else {
      leadership.endRun(GuestEvent.RunEnded.ORDERED + order.orderedBy() + ": " + order.reason());
    }
  }

  @Override
  public void close() {
    subscription.close();
  }
}
