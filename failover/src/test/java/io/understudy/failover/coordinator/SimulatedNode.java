package io.understudy.failover.coordinator;

import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/** A node that beats, commits while it leads and obeys orders while it stands by. */
final class SimulatedNode {
  static final String VM = "demo";
  static final UUID RUN = new UUID(7, 7);
  private static final long MILLI = 1_000_000;
  private static final long BEAT_NANOS = 50 * MILLI;
  private static final long PHASE_NANOS = 20 * MILLI;

  final String name;
  final UUID incarnation;
  private final SimulatedCluster cluster;
  private final Set<UUID> obeyed = new HashSet<>();

  private NodeRole role;
  private String phase;
  private long term;
  private long lag;
  private long mismatches;
  private boolean dead;
  private boolean frozen;
  private boolean mute;
  private boolean deaf;
  private int next;
  private long beatDueNanos;
  private PromotionOrdered order;
  private long phaseDueNanos;

  SimulatedNode(
      SimulatedCluster cluster, String name, UUID incarnation, NodeRole role, long nowNanos) {
    this.cluster = cluster;
    this.name = name;
    this.incarnation = incarnation;
    this.role = role;
    this.phase = role == NodeRole.PRIMARY ? "LIVE" : "FOLLOWING";
    this.term = cluster.log.term;
    this.beatDueNanos = nowNanos;
    if (role == NodeRole.PRIMARY) {
      cluster.log.writer = incarnation;
      cluster.send(entry(1, VmStatus.RUNNING));
    }
  }

  void kill() {
    dead = true;
  }

  void freeze(boolean isFrozen) {
    frozen = isFrozen;
  }

  /** Works, but its heartbeats get lost. */
  void mute(boolean isMute) {
    mute = isMute;
  }

  /** Does not obey orders. */
  void deaf(boolean isDeaf) {
    deaf = isDeaf;
  }

  void lag(long epochs) {
    lag = epochs;
  }

  void diverge() {
    mismatches = 1;
    phase = "DIVERGED";
  }

  /** Its machine was not what the log said, and a correct one is being put in its place. */
  void repair() {
    mismatches++;
    phase = "REPAIRING";
  }

  /** That is done. */
  void repaired() {
    phase = "FOLLOWING";
  }

  boolean isDead() {
    return dead;
  }

  boolean isLeading() {
    return !dead && role == NodeRole.PRIMARY && incarnation.equals(cluster.log.writer);
  }

  boolean works() {
    return !dead && !frozen;
  }

  long term() {
    return term;
  }

  void step(long nowNanos) {
    if (dead || frozen) {
      return;
    }
    if (!cluster.isDown()) {
      if (role == NodeRole.PRIMARY && !cluster.log.commit(incarnation)) {
        // Fenced: the process ends.
        dead = true;
        return;
      }
      if (role == NodeRole.STANDBY) {
        term = cluster.log.term;
        readOrders(nowNanos);
        advancePromotion(nowNanos);
      }
    }
    if (nowNanos - beatDueNanos >= 0) {
      beatDueNanos = nowNanos + BEAT_NANOS;
      if (!mute) {
        cluster.send(beat());
      }
    }
  }

  private void readOrders(long nowNanos) {
    for (; next < cluster.end(); next++) {
      if (cluster.record(next) instanceof PromotionOrdered found
          && found.toNode().equals(name)
          && found.fromTerm() == cluster.log.term
          && !phase.equals("DIVERGED")
          && !deaf
          && obeyed.add(found.orderId())) {
        order = found;
        phase = "FENCING";
        phaseDueNanos = nowNanos + PHASE_NANOS;
        cluster.log.writer = incarnation;
        beatDueNanos = nowNanos;
      }
    }
  }

  private void advancePromotion(long nowNanos) {
    if (order == null || nowNanos - phaseDueNanos < 0) {
      return;
    }
    beatDueNanos = nowNanos;
    phaseDueNanos = nowNanos + PHASE_NANOS;
    if (phase.equals("FENCING")) {
      phase = "DRAINING";
    } else if (!cluster.log.startTerm(incarnation, order.fromTerm())) {
      phase = "FOLLOWING";
      order = null;
    } else {
      term = cluster.log.term;
      role = NodeRole.PRIMARY;
      phase = "LIVE";
      order = null;
      cluster.send(entry(term, VmStatus.RUNNING));
    }
  }

  VmRecord entry(long ofTerm, VmStatus status) {
    return new VmRecord(VM, RUN, 4, "ledger", 64 << 20, status, ofTerm, name, 1000, 1000);
  }

  private Heartbeat beat() {
    long epoch =
        role == NodeRole.PRIMARY ? cluster.log.committed : Math.max(0, cluster.log.committed - lag);
    return new Heartbeat(
        VM,
        RUN,
        name,
        incarnation,
        role,
        phase,
        term,
        epoch,
        0,
        -1,
        "host-" + name,
        7000,
        0,
        1,
        mismatches);
  }
}
