package io.understudy.failover.node;

import io.understudy.capture.snapshot.CloneSettings;
import io.understudy.replay.StartPolicy;
import java.util.Objects;

/**
 * How a node takes snapshots as a primary, and uses them as a standby.
 *
 * @param cloning what a snapshot may cost
 * @param keep how many complete ones stay, at least 1
 * @param start how a standby begins that has no checkpoint
 * @param replayAtMost how many epochs it rather replays than to order a snapshot, from 0
 * @param retention how much of the log a primary keeps
 */
public record SnapshotSettings(
    CloneSettings cloning,
    int keep,
    StartPolicy start,
    long replayAtMost,
    RetentionSettings retention) {
  /** What a node does if nothing else is said. */
  public static final SnapshotSettings DEFAULT =
      new SnapshotSettings(
          CloneSettings.DEFAULT, 2, StartPolicy.AUTO, 5_000, RetentionSettings.OFF);

  /** Refuses what cannot work. */
  public SnapshotSettings {
    Objects.requireNonNull(cloning, "cloning");
    Objects.requireNonNull(start, "start");
    Objects.requireNonNull(retention, "retention");
    if (keep < 1 || replayAtMost < 0) {
      throw new IllegalArgumentException(
          "keep must be at least 1 and replayAtMost not negative: keep="
              + keep
              + " replayAtMost="
              + replayAtMost);
    }
  }
}
