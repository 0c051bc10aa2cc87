package io.understudy.failover.operator;

import io.understudy.schemas.ControlOrder.Life;
import io.understudy.schemas.ControlOrder.LifeOrdered;
import io.understudy.schemas.VmStatus;
import java.util.UUID;

/** Lets a run stand still, go on, or end, and waits until it does. Stateless. */
public final class Lives {
  private Lives() {}

  /**
   * Orders it and waits for its effect.
   *
   * @return what is so now, for people
   * @throws OrderRefusedException if it is not so in time
   */
  public static String order(RunDesk desk, Life life, Order order) {
    desk.order(
        new LifeOrdered(
            desk.vm().vm(),
            desk.vm().run(),
            life,
            UUID.randomUUID(),
            order.reason(),
            order.by(),
            System.currentTimeMillis()));
    if (!desk.await(() -> isSo(desk, life), order.timeout())) {
      throw new OrderRefusedException(
          "vm="
              + desk.vm().vm()
              + ": ordered, but not seen to happen within "
              + order.timeout().toMillis()
              + " ms: leader="
              + desk.leader().map(beat -> beat.node() + " " + beat.phase()).orElse("none heard")
              + ": the order stands, and whoever leads will obey");
    }
    return switch (life) {
      case PAUSE -> "paused";
      case RUN -> "running";
      case STOP -> "stopped";
    };
  }

  private static boolean isSo(RunDesk desk, Life life) {
    return switch (life) {
      case PAUSE -> desk.leader().filter(RunDesk::isPaused).isPresent();
      case RUN -> desk.leader().filter(beat -> !RunDesk.isPaused(beat)).isPresent();
      case STOP -> desk.vm().status() == VmStatus.ENDED;
    };
  }
}
