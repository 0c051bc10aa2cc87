package io.understudy.replay;

import io.understudy.log.Epoch;

/** How far a replay has come. Written by the vCPU thread, read by any. */
public final class ReplayProgress {
  private volatile long epoch;
  private volatile long term;
  private volatile long position;
  private volatile long digestsVerified;
  private volatile long events;
  private volatile long digestMismatches;
  private volatile long repairs;
  private volatile String lastRepair = "";

  ReplayProgress(long epoch, long term) {
    this.epoch = epoch;
    this.term = term;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the vCPU thread.
  void applied(Epoch done) {
    position = done.markRecord().position();
    term = done.term();
    events += done.events().size();
    digestsVerified++;
    epoch = done.number();
  }

  /** A checkpoint or snapshot was put in the place of the machine. */
  void restarted(long fromEpoch, long fromTerm) {
    term = fromTerm;
    epoch = fromEpoch;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the vCPU thread.
  void diverged() {
    digestMismatches++;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the vCPU thread.
  void repaired(String report) {
    lastRepair = report;
    repairs++;
  }

  /** How often the machine was not what the log said. */
  public long digestMismatches() {
    return digestMismatches;
  }

  /** How often a correct one was put in its place. */
  public long repairs() {
    return repairs;
  }

  /** What differed the last time, for people; empty before the first. */
  public String lastRepair() {
    return lastRepair;
  }

  /** Last applied epoch, -1 before the first. */
  public long epoch() {
    return epoch;
  }

  /** Term of that epoch, 0 before the first. */
  public long term() {
    return term;
  }

  /** Position at its end. */
  public long position() {
    return position;
  }

  /** Epochs whose digest was compared and found equal. */
  public long digestsVerified() {
    return digestsVerified;
  }

  /** Events applied. */
  public long events() {
    return events;
  }
}
