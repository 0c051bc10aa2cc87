package io.understudy.failover.node;

import io.understudy.log.ControlTopic;
import io.understudy.log.TopicFollower;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the order to take over. An order for a term that is past is void; repeated orders are
 * one.
 *
 * <p>Its own thread reads; the vCPU thread asks.
 */
final class OrderListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OrderListener.class);
  private static final Duration OPENING = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(100);

  private final NodeSettings settings;
  private final AtomicReference<PromotionOrdered> order = new AtomicReference<>();
  private final Thread thread;
  private volatile boolean stopped;

  OrderListener(NodeSettings settings) {
    this.settings = settings;
    this.thread = new Thread(this::listen, "orders");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * The order to end {@code term} of {@code run} and lead the next, or null if there is none.
   *
   * @param term the term that the log is in as far as this node knows
   */
  PromotionOrdered orderToEnd(UUID run, long term) {
    PromotionOrdered last = order.get();
    boolean fits = last != null && last.run().equals(run) && last.fromTerm() == term;
    return fits ? last : null;
  }

  private void listen() {
    try (TopicFollower<ControlOrder> orders =
        ControlTopic.follower(settings.connection(), OPENING)) {
      // One may have been given before this process began to listen.
      orders.current().values().forEach(this::consider);
      while (!stopped) {
        orders.poll(POLL).forEach(this::consider);
      }
    }
  }

  private void consider(ControlOrder any) {
    if (!(any instanceof PromotionOrdered promotion)
        || !promotion.vm().equals(settings.vm().text())
        || !promotion.toNode().equals(settings.node())) {
      return;
    }
    PromotionOrdered before = order.getAndSet(promotion);
    if (before == null || !before.orderId().equals(promotion.orderId())) {
      LOG.info(
          "ordered to take over: vm={} fromTerm={} by={} reason={}",
          promotion.vm(),
          promotion.fromTerm(),
          promotion.orderedBy(),
          promotion.reason());
    }
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join(2 * POLL.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
