package io.understudy.failover.coordinator;

import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmRecord;

/**
 * The cluster as a coordinator uses it; a port, so that a simulation can replace it.
 *
 * <p>An outage of the cluster is no failure here: nothing is received and what was sent may be
 * lost. Heartbeats of all senders are received in one order, which the probe relies on. Owned by
 * the coordinator's thread.
 */
interface ClusterPort extends AutoCloseable {
  /** Takes what {@link #poll} received. */
  interface Inbox {
    /** A directory entry; present entries come first. */
    void directory(VmRecord vm);

    /** A heartbeat, the last of each node that was there before included. */
    void beat(Heartbeat beat);

    /** An order, {@code retained} if it was there before this port was opened. */
    void order(PromotionOrdered order, boolean retained);

    /**
     * The answer to {@link #askCommittedEnd}: sum of the committed end offsets of all partitions.
     */
    void committedEnd(VmRecord vm, long end);
  }

  /** Hands over what has arrived, waiting a few milliseconds at most; returns how much it was. */
  int poll(Inbox inbox);

  /** Sends a heartbeat of the coordinator, or loses it. */
  void beat(Heartbeat beat);

  /** Writes an order; false if it is not certain that it arrived. */
  boolean order(PromotionOrdered order);

  /** Asks how far the VM's log is committed; the answer may never come. */
  void askCommittedEnd(VmRecord vm);

  @Override
  void close();
}
