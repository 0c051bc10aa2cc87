package io.understudy.replay;

import java.util.concurrent.atomic.AtomicLong;

/** What became of a standby's checkpoints; written by the thread that writes them, read by any. */
public final class CheckpointStatistics {
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong pages = new AtomicLong();
  private volatile long lastEpoch;
  private volatile long lastAtNanos = System.nanoTime();

  /**
   * @param lastEpoch epoch of the newest checkpoint that was there before, -1 if there is none
   */
  CheckpointStatistics(long lastEpoch) {
    this.lastEpoch = lastEpoch;
  }

  void written(long epoch, int pageCount, long beganNanos, long nowNanos) {
    pages.addAndGet(pageCount);
    nanos.addAndGet(nowNanos - beganNanos);
    lastAtNanos = nowNanos;
    lastEpoch = epoch;
    written.incrementAndGet();
  }

  /** Another checkpoint is the newest, because later ones were thrown away or one was fetched. */
  void restarted(long newestEpoch) {
    lastEpoch = newestEpoch;
  }

  /** Epoch of the newest checkpoint, -1 if there is none. */
  public long lastEpoch() {
    return lastEpoch;
  }

  /** Checkpoints written by this process. */
  public long written() {
    return written.get();
  }

  /** How long it took to write them, all together. */
  public long nanos() {
    return nanos.get();
  }

  /** Pages in them, all together. */
  public long pages() {
    return pages.get();
  }

  /** Time since the last was written, or since the start if there was none. */
  public long ageNanos(long nowNanos) {
    return nowNanos - lastAtNanos;
  }
}
