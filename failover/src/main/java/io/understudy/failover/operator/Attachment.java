package io.understudy.failover.operator;

import io.understudy.schemas.ControlOrder.StandbyOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.UUID;

/** Tells a node to keep a standby of a run, or not to, and waits until it does. Stateless. */
public final class Attachment {
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** A node that was not heard for this long does not follow; many times their interval. */
  private static final Duration SILENCE = Duration.ofMillis(1500);

  private Attachment() {}

  /**
   * Lets {@code node} follow.
   *
   * @throws OrderRefusedException if it does not in time
   */
  public static void attach(RunDesk desk, String node, Order order) {
    desk.order(standby(desk, node, true, order));
    boolean done =
        desk.await(
            () -> desk.node(node).filter(heard -> isThere(heard.beat())).isPresent(),
            order.timeout());
    if (!done) {
      throw refused(
          desk,
          "ordered, but the node does not follow yet: node="
              + node
              + ": is 'understudy node --node "
              + node
              + "' running? The order stands");
    }
  }

  /**
   * Lets {@code node} follow no longer.
   *
   * @return whether it followed; if not, the order stands for when a node of that name starts
   * @throws OrderRefusedException if it leads, or still follows when the time is up
   */
  public static boolean detach(RunDesk desk, String node, Order order) {
    desk.listen(LOOK);
    if (desk.leader().filter(leader -> leader.node().equals(node)).isPresent()) {
      throw refused(
          desk, "the node leads: node=" + node + ": switch over first (understudy switch)");
    }
    boolean followed = !isSilent(desk, node);
    desk.order(standby(desk, node, false, order));
    if (!desk.await(() -> isSilent(desk, node), order.timeout().plus(SILENCE))) {
      throw refused(desk, "ordered, but the node still follows: node=" + node);
    }
    return followed;
  }

  private static boolean isThere(Heartbeat beat) {
    return beat.role() == NodeRole.PRIMARY || beat.epoch() >= 0;
  }

  private static boolean isSilent(RunDesk desk, String node) {
    return desk.node(node)
        .filter(heard -> System.nanoTime() - heard.atNanos() < SILENCE.toNanos())
        .isEmpty();
  }

  private static StandbyOrdered standby(RunDesk desk, String node, boolean attached, Order order) {
    return new StandbyOrdered(
        desk.vm().vm(),
        desk.vm().run(),
        node,
        attached,
        UUID.randomUUID(),
        order.reason(),
        order.by(),
        System.currentTimeMillis());
  }

  private static OrderRefusedException refused(RunDesk desk, String why) {
    return new OrderRefusedException("vm=" + desk.vm().vm() + ": " + why);
  }
}
