package io.understudy.failover.node;

import io.understudy.capture.CaptureStatistics;
import io.understudy.capture.Pace;
import io.understudy.failover.coordinator.NodePhase;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.Protection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A leader's eye on its standbys: measures how far they are, lets the {@link ProtectionPolicy}
 * decide, and sets the guest's {@link Pace}.
 *
 * <p>Owned by the thread of {@link Peers}; what it decided last may be read by any.
 */
final class ProtectionWatch implements Peers.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(ProtectionWatch.class);
  private static final int NOBODY_YET = -1;
  private static final long FORGET_NANOS = TimeUnit.HOURS.toNanos(1);
  private static final long FAR_NANOS = Long.MAX_VALUE;

  private final String vm;
  private final UUID run;
  private final ProtectionPolicy policy;
  private final CaptureStatistics progress;
  private final Pace pace;
  private final EpochTimes committed = new EpochTimes();
  private final Map<String, Standby> standbys = new TreeMap<>();

  /** How long the guest was free to run until {@link #countedUpTo}. */
  private long ranNanos;

  private long countedUpTo;
  private volatile ProtectionPolicy.Decision last =
      new ProtectionPolicy.Decision(Protection.UNKNOWN, 0, 0, NOBODY_YET, NOBODY_YET);

  /** A standby as it was when it was heard last. */
  private record Standby(
      UUID incarnation,
      long epoch,
      long lagNanos,
      long lagEpochs,
      long heardNanos,
      long advancedNanos) {}

  /**
   * A watch that has seen nobody yet.
   *
   * @param interval between two heartbeats
   * @param progress how far the leader itself is
   */
  ProtectionWatch(
      String vm,
      UUID run,
      ProtectionSettings settings,
      Duration interval,
      CaptureStatistics progress,
      Pace pace,
      long nowNanos) {
    this.vm = vm;
    this.run = run;
    this.policy = new ProtectionPolicy(settings, interval, nowNanos);
    this.progress = progress;
    this.pace = pace;
    this.countedUpTo = nowNanos;
  }

  @Override
  public void heard(Heartbeat beat, long nowNanos) {
    if (!beat.run().equals(run)) {
      return;
    }
    if (!NodePhase.canLead(beat)) {
      standbys.remove(beat.node());
      return;
    }
    count(nowNanos);
    Standby before = standbys.get(beat.node());
    long lag = committed.behind(beat.epoch(), ranNanos);
    long lagEpochs = Math.max(0, committed.newest() - beat.epoch());
    boolean gotOn =
        before == null
            || !before.incarnation().equals(beat.incarnation())
            || beat.epoch() > before.epoch()
            || lagEpochs == 0;
    standbys.put(
        beat.node(),
        new Standby(
            beat.incarnation(),
            beat.epoch(),
            lag == EpochTimes.UNKNOWN ? FAR_NANOS : lag,
            lagEpochs,
            nowNanos,
            gotOn ? nowNanos : before.advancedNanos()));
  }

  @Override
  public void turn(long nowNanos, long upToNanos) {
    count(nowNanos);
    // Names of nodes come and go for as long as a leadership lasts.
    standbys.values().removeIf(standby -> upToNanos - standby.heardNanos() > FORGET_NANOS);
    List<ProtectionPolicy.Follower> followers = new ArrayList<>();
    for (Standby standby : standbys.values()) {
      followers.add(
          new ProtectionPolicy.Follower(
              standby.incarnation(),
              standby.lagNanos(),
              standby.lagEpochs(),
              Math.max(0, upToNanos - standby.heardNanos()),
              standby.heardNanos() - standby.advancedNanos()));
    }
    ProtectionPolicy.Decision decision = policy.decide(nowNanos, followers);
    pace.hold(decision.permille());
    if (decision.state() != last.state()) {
      tell(decision);
    }
    last = decision;
  }

  /** What was decided last; any thread. */
  ProtectionPolicy.Decision last() {
    return last;
  }

  private void count(long nowNanos) {
    ranNanos += (nowNanos - countedUpTo) / Pace.ALWAYS * (Pace.ALWAYS - pace.heldPermille());
    countedUpTo = nowNanos;
    committed.reached(progress.lastCommittedEpoch(), ranNanos);
  }

  private void tell(ProtectionPolicy.Decision decision) {
    switch (decision.state()) {
      case UNPROTECTED -> LOG.warn("runs unprotected: no standby follows: vm={} run={}", vm, run);
      case STOPPED ->
          LOG.warn(
              "the guest stands still: no standby follows, and --unprotected says stop: vm={}"
                  + " run={}",
              vm,
              run);
      default ->
          LOG.info(
              "protection: vm={} run={} state={} standbys={} lagEpochs={} throttlePermille={}",
              vm,
              run,
              decision.state(),
              decision.standbys(),
              decision.lagEpochs(),
              decision.permille());
    }
  }
}
