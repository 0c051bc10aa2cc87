package io.understudy.capture.snapshot;

import io.understudy.schemas.SnapshotPart;

/** What snapshots have cost so far; written by the copying thread, read by any. */
public final class CloneStatistics {
  private volatile long clones;
  private volatile long failures;
  private volatile long bytes;
  private volatile long pages;
  private volatile long rounds;
  private volatile long nanos;
  private volatile long pauseNanos;
  private volatile long lastPauseMicros;
  private volatile long maxPauseMicros;
  private volatile long lastBytes;
  private volatile int lastRounds;

  /**
   * A snapshot is complete.
   *
   * @param tookNanos from its beginning on, by the host's monotonic clock
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the copying thread.
  void completed(SnapshotPart.Completed snapshot, long tookNanos) {
    lastPauseMicros = snapshot.pauseMicros();
    maxPauseMicros = Math.max(maxPauseMicros, snapshot.pauseMicros());
    lastBytes = snapshot.bytes();
    lastRounds = snapshot.rounds();
    bytes += snapshot.bytes();
    pages += snapshot.pages();
    rounds += snapshot.rounds();
    nanos += tookNanos;
    pauseNanos += 1_000 * snapshot.pauseMicros();
    clones++;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the copying thread.
  void failed() {
    failures++;
  }

  /** Snapshots completed. */
  public long clones() {
    return clones;
  }

  /** Snapshots that failed; those that a leadership's end interrupted are none. */
  public long failures() {
    return failures;
  }

  /** Bytes of all that were completed, before compression. */
  public long bytes() {
    return bytes;
  }

  /** Pages of all that were completed; one that was sent again counts again. */
  public long pages() {
    return pages;
  }

  /** Rounds of all that were completed. */
  public long rounds() {
    return rounds;
  }

  /** How long all took that were completed, nanoseconds. */
  public long nanos() {
    return nanos;
  }

  /** How long the guest stood still for all of them, nanoseconds. */
  public long pauseNanos() {
    return pauseNanos;
  }

  /** How long the guest stood still for the worst one, microseconds. */
  public long maxPauseMicros() {
    return maxPauseMicros;
  }

  @Override
  public String toString() {
    return "clones="
        + clones
        + " cloneFailures="
        + failures
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
