package io.understudy.failover.node;

import io.understudy.replay.ReplayProgress;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.util.UUID;

/**
 * How far a standby is behind its leader, by the leader's heartbeats. Hears on the thread of {@link
 * Peers}; any thread may ask.
 */
final class StandbyLag implements Peers.Listener {
  private final UUID run;
  private final ReplayProgress progress;
  private final EpochTimes committed = new EpochTimes();

  StandbyLag(UUID run, ReplayProgress progress) {
    this.run = run;
    this.progress = progress;
  }

  @Override
  public void heard(Heartbeat beat, long nowNanos) {
    if (beat.role() == NodeRole.PRIMARY && beat.run().equals(run)) {
      committed.reached(beat.epoch(), nowNanos);
    }
  }

  @Override
  public void turn(long nowNanos, long upToNanos) {
    // Nothing depends on who is silent.
  }

  /** Epochs that the leader has committed and this standby has not applied. */
  long epochs() {
    return Math.max(0, committed.newest() - progress.epoch());
  }

  /**
   * How long ago the leader was where this standby is; 0 if it is level, {@link EpochTimes#UNKNOWN}
   * if that was before this node heard the leader first.
   */
  long nanos(long nowNanos) {
    return committed.behind(progress.epoch(), nowNanos);
  }
}
