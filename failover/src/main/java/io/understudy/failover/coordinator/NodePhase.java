package io.understudy.failover.coordinator;

import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;

/**
 * The words of {@link Heartbeat#phase} that a coordinator understands. Nodes use {@link #name()};
 * any other word is for people only.
 */
public enum NodePhase {
  /** A standby found that its machine differs from the log; it must not lead. */
  DIVERGED,
  /** A standby found the same and puts a correct machine in its place; until then it must not. */
  REPAIRING,
  /** Taking the right to write the log. */
  FENCING,
  /** Applying what the log holds up to the fence. */
  DRAINING,
  /** Starting its term and its devices. */
  OPENING,
  /** Leads and serves. */
  LIVE,
  /** Leads, and the guest stands still because it was told to. */
  PAUSED,
  /** Any other word. */
  OTHER;

  /** The phase that a heartbeat names. */
  public static NodePhase of(Heartbeat beat) {
    for (NodePhase phase : values()) {
      if (phase.name().equals(beat.phase())) {
        return phase;
      }
    }
    return OTHER;
  }

  /** Whether the node is a standby whose machine is right, as far as it knows. */
  public static boolean canLead(Heartbeat beat) {
    NodePhase phase = of(beat);
    return beat.role() == NodeRole.STANDBY
        && beat.epoch() >= 0
        && phase != DIVERGED
        && phase != REPAIRING;
  }

  /** Whether a node in this phase is on its way from standby to leader. */
  boolean isPromotion() {
    return this == FENCING || this == DRAINING || this == OPENING;
  }
}
