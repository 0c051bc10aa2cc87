package io.understudy.failover.coordinator;

import io.understudy.failover.coordinator.Verdict.Life;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.util.Optional;
import java.util.UUID;

/**
 * Judges whether the leader of one VM's current term is alive.
 *
 * <p>Signs of life are its heartbeats, by receipt, and commits seen in the log. It is dead after
 * {@link DetectorSettings#timeout} of confirmed silence, or after {@link
 * DetectorSettings#suspectAfter} when its process is known to be gone: its host refuses connections
 * after a link to it was lost, or its node's name sends beats of another process. What silence
 * counts is decided by {@link ClusterProbe}; nobody is dead before the cluster was watched for a
 * full timeout without a stall, so a watcher that has just started accuses nobody.
 *
 * <p>The detector follows terms by itself: whatever beat names a higher term makes the old leader
 * history, and beats of an old term are no sign of life.
 *
 * <p>Pure: time is passed in as nanoseconds of the watcher's monotonic clock and must not run
 * backwards. Owned by the watcher's thread.
 */
public final class FailureDetector {
  private final ClusterProbe probe;
  private final long timeoutNanos;
  private final long suspectNanos;

  private long term;
  private Optional<String> node;
  private Optional<UUID> incarnation = Optional.empty();
  private long lastSignNanos;
  private boolean linkLost;
  private Optional<String> goneBecause = Optional.empty();
  private long goneSinceNanos;

  /** Watches the leader of {@code term}, whose node may not be known yet. */
  public FailureDetector(
      DetectorSettings settings,
      ClusterProbe probe,
      long term,
      Optional<String> node,
      long nowNanos) {
    this.probe = probe;
    this.timeoutNanos = settings.timeout().toNanos();
    this.suspectNanos = settings.suspectAfter().toNanos();
    follow(term, node, nowNanos);
  }

  /** The highest term heard of. */
  public long term() {
    return term;
  }

  /** The node that leads it, empty while only the term is known. */
  public Optional<String> node() {
    return node;
  }

  /** The process that leads it, empty until its first beat. */
  public Optional<UUID> incarnation() {
    return incarnation;
  }

  /** When the leader last gave a sign of life, or since when its term is known. */
  public long lastSignNanos() {
    return lastSignNanos;
  }

  /** A heartbeat of any node of the run was received. */
  public void beat(Heartbeat beat, long nowNanos) {
    if (beat.term() > term) {
      follow(beat.term(), Optional.empty(), nowNanos);
    }
    // An old process of the leader's node may wake up, still sure to lead a term that is over.
    if (beat.term() < term) {
      return;
    }
    boolean primary = beat.role() == NodeRole.PRIMARY;
    if (primary && incarnation.isEmpty()) {
      node = Optional.of(beat.node());
      incarnation = Optional.of(beat.incarnation());
    }
    if (incarnation.isEmpty() || !node.equals(Optional.of(beat.node()))) {
      return;
    }
    boolean sameProcess = incarnation.get().equals(beat.incarnation());
    if (primary && sameProcess) {
      sign(nowNanos);
    } else if (!sameProcess) {
      gone("another process runs under its node's name", nowNanos);
    } else {
      gone("its process no longer leads", nowNanos);
    }
  }

  /** The directory names the leader of {@code ofTerm}. */
  public void leaderNamed(long ofTerm, String name, long nowNanos) {
    if (ofTerm > term) {
      follow(ofTerm, Optional.of(name), nowNanos);
    } else if (ofTerm == term && node.isEmpty()) {
      node = Optional.of(name);
    }
  }

  /** The log grew: somebody committed, and before a fence only the leader can. */
  public void committed(long nowNanos) {
    sign(nowNanos);
  }

  /** A connection to {@code toNode} that was up has ended. */
  public void linkLost(String toNode) {
    linkLost |= node.equals(Optional.of(toNode));
  }

  /** The host of {@code byNode} refused a connection. */
  public void linkRefused(String byNode, long nowNanos) {
    // Without a loss before it only says that nobody has ever listened there.
    if (linkLost && node.equals(Optional.of(byNode))) {
      gone("its host refuses connections", nowNanos);
    }
  }

  /** A connection to {@code toNode} works. */
  public void linkUp(String toNode) {
    if (node.equals(Optional.of(toNode))) {
      clearEvidence();
    }
  }

  /** The judgement at this moment. */
  public Verdict verdict(long nowNanos) {
    long confirmed = probe.confirmedSilence(lastSignNanos);
    if (probe.hasWatchedFor(timeoutNanos)) {
      if (confirmed >= timeoutNanos) {
        return new Verdict(Life.DEAD, "no sign of life for " + millis(confirmed) + " ms");
      }
      if (goneBecause.isPresent() && confirmed >= suspectNanos) {
        return new Verdict(
            Life.DEAD, goneBecause.get() + ", no sign of life for " + millis(confirmed) + " ms");
      }
    }
    long silence = nowNanos - lastSignNanos;
    if (goneBecause.isPresent() || silence >= suspectNanos) {
      String doubt = probe.isSteady(nowNanos) ? "" : "; the cluster does not carry our own probe";
      return new Verdict(
          Life.SUSPECT,
          goneBecause.map(why -> why + ", ").orElse("")
              + "no sign of life for "
              + millis(silence)
              + " ms"
              + doubt);
    }
    return new Verdict(Life.ALIVE, "last sign of life " + millis(silence) + " ms ago");
  }

  /**
   * The instant from which a probe that comes back makes the leader dead if it stays silent. A
   * probe sent right then saves waiting for the next one that is due anyway.
   */
  public long probeDueNanos() {
    long need = goneBecause.isPresent() ? suspectNanos : timeoutNanos;
    long silenceDue = probe.countingFrom(lastSignNanos) + need;
    long watchedDue = probe.steadySince() + timeoutNanos;
    return probe.isConfirmed() && watchedDue - silenceDue > 0 ? watchedDue : silenceDue;
  }

  private void follow(long newTerm, Optional<String> newNode, long nowNanos) {
    term = newTerm;
    node = newNode;
    incarnation = Optional.empty();
    lastSignNanos = nowNanos;
    clearEvidence();
  }

  private void sign(long nowNanos) {
    lastSignNanos = nowNanos;
    // Beats on their way when a process dies still arrive shortly after the evidence of its death.
    // Later ones prove the evidence wrong, and it must not wait for the next late beat to strike.
    if (goneBecause.isPresent() && nowNanos - goneSinceNanos > suspectNanos) {
      clearEvidence();
    }
  }

  private void gone(String why, long nowNanos) {
    if (goneBecause.isEmpty()) {
      goneBecause = Optional.of(why);
      goneSinceNanos = nowNanos;
    }
  }

  private void clearEvidence() {
    linkLost = false;
    goneBecause = Optional.empty();
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
