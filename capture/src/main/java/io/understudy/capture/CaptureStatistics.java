package io.understudy.capture;

import java.util.concurrent.atomic.AtomicLong;

/** What a primary has done so far; written by its threads, read by any. */
public final class CaptureStatistics {
  private final AtomicLong events = new AtomicLong();
  private final AtomicLong committedEpochs = new AtomicLong();
  private final AtomicLong heldCommits = new AtomicLong();
  private final LatencyHistogram commitMicros = new LatencyHistogram();
  private volatile long lastCommittedEpoch = -1;
  private volatile long lastCommittedPosition;

  void committed(long epoch, long position, int eventCount, long latencyMicros) {
    lastCommittedEpoch = epoch;
    lastCommittedPosition = position;
    events.addAndGet(eventCount);
    committedEpochs.incrementAndGet();
    commitMicros.record(latencyMicros);
  }

  void heldBack() {
    heldCommits.incrementAndGet();
  }

  /** Events committed, marks not counted. */
  public long events() {
    return events.get();
  }

  /** Epochs committed by this process. */
  public long committedEpochs() {
    return committedEpochs.get();
  }

  /** Number of the last committed epoch, -1 before the first. */
  public long lastCommittedEpoch() {
    return lastCommittedEpoch;
  }

  /** Position of the last committed epoch's mark. */
  public long lastCommittedPosition() {
    return lastCommittedPosition;
  }

  /** Commits that took longer than the output lease, so that output waited for a further one. */
  public long heldCommits() {
    return heldCommits.get();
  }

  /** How long commits took, microseconds. */
  public LatencyHistogram commitMicros() {
    return commitMicros;
  }
}
