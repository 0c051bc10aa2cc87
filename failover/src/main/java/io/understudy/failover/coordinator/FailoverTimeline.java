package io.understudy.failover.coordinator;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;

/**
 * When what happened in one failover, as its coordinator saw it. Immutable.
 *
 * <p>The phases of the new leader are known from its heartbeats, so they are late by up to one
 * heartbeat interval and a phase that was shorter than that is missing; the node's own log has the
 * exact figures.
 *
 * @param vm id of the VM
 * @param run its run
 * @param fromTerm the term that ended
 * @param toTerm the term that followed, 0 while none has
 * @param fromNode the node that led before, empty when unknown
 * @param toNode the node that leads now or was last ordered to, empty before the order
 * @param reason why
 * @param orders how many orders were written or seen
 * @param detectedAtMillis wall clock of the verdict, milliseconds since 1970-01-01T00:00Z
 * @param sinceLastSign per milestone the time since the old leader's last sign of life
 */
public record FailoverTimeline(
    String vm,
    UUID run,
    long fromTerm,
    long toTerm,
    String fromNode,
    String toNode,
    String reason,
    int orders,
    long detectedAtMillis,
    Map<Milestone, Duration> sinceLastSign) {

  /** What can happen in a failover, in the order in which it does. */
  public enum Milestone {
    /** The old leader was judged dead, or somebody else ordered a promotion. */
    DETECTED,
    /** The first order was written or seen. */
    ORDERED,
    /** The standby was seen fencing. */
    FENCING,
    /** The standby was seen draining. */
    DRAINING,
    /** The standby was seen opening its term. */
    OPENING,
    /** The new term was seen. */
    TERM_STARTED,
    /** The new leader was seen serving. */
    LIVE,
    /** Clients got the first output of the new term. */
    FIRST_OUTPUT
  }

  /** Copies the map. */
  public FailoverTimeline {
    EnumMap<Milestone, Duration> copy = new EnumMap<>(Milestone.class);
    copy.putAll(sinceLastSign);
    sinceLastSign = Collections.unmodifiableMap(copy);
  }
}
