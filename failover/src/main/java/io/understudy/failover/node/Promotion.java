package io.understudy.failover.node;

import io.understudy.failover.coordinator.NodePhase;
import io.understudy.log.CrashPoint;
import io.understudy.log.Epoch;
import io.understudy.log.EpochLog;
import io.understudy.log.FencedWriter;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.log.LogEnd;
import io.understudy.machine.Machine;
import io.understudy.replay.Replayer;
import io.understudy.replay.Standby;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Takes the log over: fence, then drain to where the log ended with the fence. It follows the
 * replay and stops it at the one place from which the machine may go live.
 *
 * <p>Owned by the vCPU thread.
 */
final class Promotion implements Replayer.Follower, AutoCloseable {
  private final NodeSettings settings;
  private final Standby standby;
  private final OrderListener orders;
  private final Pulse pulse;
  private final BooleanSupplier stopRequested;
  private final BooleanSupplier detached;
  private final RunEnding ending;

  private UUID examined;
  private LogEnd endWhenAsked;
  private PromotionOrdered order;
  private FencedWriter fenced;
  private LogEnd end;
  private boolean drained;
  private boolean over;
  private long orderedAt;
  private long fencedAt;
  private long drainedAt;

  Promotion(
      NodeSettings settings,
      Standby standby,
      OrderListener orders,
      Pulse pulse,
      BooleanSupplier stopRequested,
      BooleanSupplier detached) {
    this.detached = detached;
    this.ending = new RunEnding(settings, standby.header().run());
    this.settings = settings;
    this.standby = standby;
    this.orders = orders;
    this.pulse = pulse;
    this.stopRequested = stopRequested;
  }

  @Override
  public boolean stopHere() {
    // Who has fenced the leader owes the run another one.
    if (stopRequested.getAsBoolean() || (fenced == null && detached.getAsBoolean())) {
      return true;
    }
    if (order == null) {
      if (hasGuestEnded() && ending.isAnnounced(standby.progress().term())) {
        over = true;
        return true;
      }
      PromotionOrdered asked = orders.orderToEnd(standby.header().run(), standby.progress().term());
      if (asked == null || !isTermTheNewest(asked)) {
        return false;
      }
      order = asked;
      fence();
    }
    CrashPoint.WITHIN_DRAIN.pass();
    if (standby.source().reached(end)) {
      drained = true;
      drainedAt = System.nanoTime();
      return true;
    }
    return false;
  }

  /**
   * Whether this node has read what the log held when it first saw the order, and the term is still
   * the one to be ended. A node that reads an old part of the log finds its term named by an order
   * that was obeyed, or overtaken, long since; to fence for it would end a leader that is well.
   */
  private boolean isTermTheNewest(PromotionOrdered asked) {
    if (!asked.orderId().equals(examined)) {
      examined = asked.orderId();
      endWhenAsked = standby.source().end();
    }
    return standby.source().reached(endWhenAsked);
  }

  private void fence() {
    orderedAt = System.nanoTime();
    pulse.phase(NodePhase.FENCING.name());
    CrashPoint.BEFORE_FENCE.pass();
    fenced = KafkaEpochWriter.fence(settings.connection(), settings.vm(), settings.commitTimeout());
    CrashPoint.AFTER_FENCE.pass();
    end = standby.source().end();
    fencedAt = System.nanoTime();
    pulse.phase(NodePhase.DRAINING.name());
  }

  @Override
  public void applied(Epoch epoch, Machine machine) {
    // The standby counts.
  }

  /** Whether the machine stands at the end of the log and nobody else can write any more. */
  boolean isDrained() {
    return drained;
  }

  /**
   * Whether the run has ended, and nobody has to lead any more: what the guest said last is
   * outside. If its leader dies before that, a successor is ordered as ever, and lets it out.
   */
  boolean isRunOver() {
    return over;
  }

  /** Between two epochs, where this is asked, no machine has ended without RunEnded in the log. */
  private boolean hasGuestEnded() {
    return standby.machine().ended().isPresent();
  }

  /** The order that was obeyed. */
  PromotionOrdered order() {
    return order;
  }

  /** The log, to be opened with TermStarted; closed with this object. */
  EpochLog begin() {
    return fenced.begin(
        standby.header().run(),
        standby.progress().term() + 1,
        standby.source().position().chain(),
        standby.source().position().partitions());
  }

  /** How long the steps took, for people. */
  String timings(long openedAt) {
    return "fenceMillis="
        + TimeUnit.NANOSECONDS.toMillis(fencedAt - orderedAt)
        + " drainMillis="
        + TimeUnit.NANOSECONDS.toMillis(drainedAt - fencedAt)
        + " openMillis="
        + TimeUnit.NANOSECONDS.toMillis(openedAt - drainedAt);
  }

  /** How long the steps took, nanoseconds by name, in their order. */
  Map<String, Long> phases(long openedAt) {
    Map<String, Long> phases = new LinkedHashMap<>();
    phases.put("fence", fencedAt - orderedAt);
    phases.put("drain", drainedAt - fencedAt);
    phases.put("open", openedAt - drainedAt);
    return phases;
  }

  @Override
  public void close() {
    try (ending) {
      if (fenced != null) {
        fenced.close();
      }
    }
  }
}
