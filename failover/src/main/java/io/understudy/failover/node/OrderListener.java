package io.understudy.failover.node;

import io.understudy.schemas.ControlOrder.PromotionOrdered;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the order to take over. An order for a term that is past is void; repeated orders are
 * one.
 *
 * <p>Owned by the vCPU thread.
 */
final class OrderListener {
  private static final Logger LOG = LoggerFactory.getLogger(OrderListener.class);

  private final NodeSettings settings;
  private final OrderBoard board;
  private UUID said;

  OrderListener(NodeSettings settings, OrderBoard board) {
    this.settings = settings;
    this.board = board;
  }

  /**
   * The order to end {@code term} of {@code run} and lead the next, or null if there is none.
   *
   * @param term the term that the log is in as far as this node knows
   */
  PromotionOrdered orderToEnd(UUID run, long term) {
    PromotionOrdered order =
        board
            .promotion(settings.vm())
            .filter(any -> any.toNode().equals(settings.node()))
            .filter(any -> any.run().equals(run) && any.fromTerm() == term)
            .orElse(null);
    if (order != null && !order.orderId().equals(said)) {
      said = order.orderId();
      LOG.info(
          "ordered to take over: vm={} fromTerm={} by={} reason={}",
          order.vm(),
          order.fromTerm(),
          order.orderedBy(),
          order.reason());
    }
    return order;
  }
}
