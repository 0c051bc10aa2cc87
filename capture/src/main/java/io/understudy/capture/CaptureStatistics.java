package io.understudy.capture;

import java.util.concurrent.atomic.AtomicLong;

/** What a primary has done so far; written by its threads, read by any. */
public final class CaptureStatistics {
  private static final long NO_COMMIT = Long.MIN_VALUE;

  private final AtomicLong events = new AtomicLong();
  private final AtomicLong committedEpochs = new AtomicLong();
  private final AtomicLong heldCommits = new AtomicLong();
  private final LatencyHistogram commitMicros = new LatencyHistogram();
  private final AtomicLong preemptions = new AtomicLong();
  private final AtomicLong transfers = new AtomicLong();
  private final AtomicLong transferBytes = new AtomicLong();
  private final AtomicLong worstTickDelayMicros = new AtomicLong();
  private final LatencyHistogram transferMicros = new LatencyHistogram();
  private volatile long lastCommittedEpoch = -1;
  private volatile long commitBeganNanos = NO_COMMIT;
  private volatile long lastCommittedPosition;

  /** Committer thread: a commit begins at this moment of the host's monotonic clock. */
  void commitBegins(long nanos) {
    commitBeganNanos = nanos;
  }

  void committed(long epoch, long position, int eventCount, long latencyMicros) {
    commitBeganNanos = NO_COMMIT;
    lastCommittedEpoch = epoch;
    lastCommittedPosition = position;
    events.addAndGet(eventCount);
    committedEpochs.incrementAndGet();
    commitMicros.record(latencyMicros);
  }

  void preempted() {
    preemptions.incrementAndGet();
  }

  void transferred(long bytes, long micros) {
    transfers.incrementAndGet();
    transferBytes.addAndGet(bytes);
    transferMicros.record(micros);
  }

  void tickDelayed(long micros) {
    if (micros > worstTickDelayMicros.get()) {
      worstTickDelayMicros.set(micros);
    }
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

  /** How often the guest was stopped at a number of instructions. */
  public long preemptions() {
    return preemptions.get();
  }

  /** How often the guest was stopped with its state going into the log. */
  public long transfers() {
    return transfers.get();
  }

  /** Bytes of state that went into the log. */
  public long transferBytes() {
    return transferBytes.get();
  }

  /** How long the guest stood still for transfers of its state, microseconds. */
  public LatencyHistogram transferMicros() {
    return transferMicros;
  }

  /** How late the latest of all timer ticks was when the guest got it, microseconds. */
  public long worstTickDelayMicros() {
    return worstTickDelayMicros.get();
  }

  /** In one line, for the log of a node. */
  @Override
  public String toString() {
    return "epochs="
        + committedEpochs
        + " events="
        + events
        + " commitMicrosMedian="
        + commitMicros.quantile(0.5)
        + " commitMicrosP99="
        + commitMicros.quantile(0.99)
        + " heldCommits="
        + heldCommits
        + " preemptions="
        + preemptions
        + " transfers="
        + transfers
        + " transferBytes="
        + transferBytes
        + " transferMicrosMedian="
        + transferMicros.quantile(0.5)
        + " worstTickDelayMicros="
        + worstTickDelayMicros;
  }

  /**
   * For how long the commit that is under way has been, nanoseconds; 0 if there is none.
   *
   * @param nowNanos what the host's monotonic clock shows
   */
  public long commitUnderWayNanos(long nowNanos) {
    long began = commitBeganNanos;
    return began == NO_COMMIT ? 0 : Math.max(0, nowNanos - began);
  }

  /** How long commits took, microseconds. */
  public LatencyHistogram commitMicros() {
    return commitMicros;
  }
}
