package io.understudy.failover.coordinator;

import io.understudy.failover.coordinator.FailoverTimeline.Milestone;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.VmRecord;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** Collects one {@link FailoverTimeline}. Owned by the coordinator's thread. */
final class TimelineRecorder {
  private final VmRecord vm;
  private final long fromTerm;
  private final String fromNode;
  private final String reason;
  private final long lastSignNanos;
  private final long detectedAtMillis;
  private final Map<Milestone, Duration> reached = new EnumMap<>(Milestone.class);
  private long toTerm;
  private String toNode = "";
  private int orders;

  TimelineRecorder(
      VmRecord vm, FailureDetector old, String reason, long detectedAtMillis, long nowNanos) {
    this.vm = vm;
    this.fromTerm = old.term();
    this.fromNode = old.node().orElse("");
    this.reason = reason;
    this.lastSignNanos = old.lastSignNanos();
    this.detectedAtMillis = detectedAtMillis;
    reached(Milestone.DETECTED, nowNanos);
  }

  long fromTerm() {
    return fromTerm;
  }

  long toTerm() {
    return toTerm;
  }

  void ordered(PromotionOrdered order, long nowNanos) {
    orders++;
    toNode = order.toNode();
    reached(Milestone.ORDERED, nowNanos);
  }

  void phase(NodePhase phase, long nowNanos) {
    switch (phase) {
      case FENCING -> reached(Milestone.FENCING, nowNanos);
      case DRAINING -> reached(Milestone.DRAINING, nowNanos);
      case OPENING -> reached(Milestone.OPENING, nowNanos);
      case LIVE, PAUSED -> reached(Milestone.LIVE, nowNanos);
      case DIVERGED, REPAIRING, OTHER -> {}
    }
  }

  void termStarted(long term, Optional<String> node, long nowNanos) {
    toTerm = term;
    node.ifPresent(name -> toNode = name);
    reached(Milestone.TERM_STARTED, nowNanos);
  }

  void firstOutput(long nowNanos) {
    reached(Milestone.FIRST_OUTPUT, nowNanos);
  }

  FailoverTimeline timeline() {
    return new FailoverTimeline(
        vm.vm(),
        vm.run(),
        fromTerm,
        toTerm,
        fromNode,
        toNode,
        reason,
        orders,
        detectedAtMillis,
        reached);
  }

  private void reached(Milestone milestone, long nowNanos) {
    reached.putIfAbsent(milestone, Duration.ofNanos(nowNanos - lastSignNanos));
  }
}
