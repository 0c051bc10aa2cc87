package io.understudy.capture.snapshot;

import io.understudy.schemas.SnapshotPart;

/** What snapshots have cost so far; written by the copying thread, read by any. */
public final class CloneStatistics {
  private volatile long clones;
  private volatile long lastPauseMicros;
  private volatile long maxPauseMicros;
  private volatile long lastBytes;
  private volatile int lastRounds;

  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the copying thread.
  void completed(SnapshotPart.Completed snapshot) {
    lastPauseMicros = snapshot.pauseMicros();
    maxPauseMicros = Math.max(maxPauseMicros, snapshot.pauseMicros());
    lastBytes = snapshot.bytes();
    lastRounds = snapshot.rounds();
    clones++;
  }

  /** Snapshots completed. */
  public long clones() {
    return clones;
  }

  /** How long the guest stood still for the last one, microseconds. */
  public long lastPauseMicros() {
    return lastPauseMicros;
  }

  /** How long it stood still for the worst one, microseconds. */
  public long maxPauseMicros() {
    return maxPauseMicros;
  }

  /** Bytes of the last one, before compression. */
  public long lastBytes() {
    return lastBytes;
  }

  /** Rounds of the last one. */
  public int lastRounds() {
    return lastRounds;
  }

  @Override
  public String toString() {
    return "clones="
        + clones
        + " clonePauseMicrosLast="
        + lastPauseMicros
        + " clonePauseMicrosMax="
        + maxPauseMicros
        + " cloneBytesLast="
        + lastBytes
        + " cloneRoundsLast="
        + lastRounds;
  }
}
