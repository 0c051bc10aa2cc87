package io.understudy.failover.front;

import java.time.Instant;

/**
 * What a front tells its coordinator.
 *
 * <p>Called on the front's thread: must return at once, may hand over to another thread.
 */
public interface FrontListener {
  /** A link that was up ended; the front connects again at once unless {@code REMOVED}. */
  void linkLost(Endpoint node, LinkLoss loss, String detail);

  /**
   * The node's host refused a connection: it is up and nobody listens there. Fast evidence that the
   * process is dead. Told once until a connection succeeds again.
   */
  void linkRefused(Endpoint node, String detail);

  /** The front serves from this node now. */
  void attached(Endpoint node, long term);

  /** The first output byte of a term arrived that no earlier term had delivered. */
  void firstOutput(Endpoint node, long term, Instant when);

  /**
   * The node's offsets contradict the front's: bytes are missing or from another history. The front
   * has closed its port and all connections; nothing goes on by itself.
   */
  void inconsistent(Endpoint node, String what);

  /** The front's thread failed for an unforeseen reason; it is closed. */
  void failed(Throwable failure);
}
