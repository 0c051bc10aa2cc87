package io.understudy.log;

import java.util.UUID;

/**
 * Port: the only right to write a VM's log, just taken. Since the fence returned, no former leader
 * can commit anything, so the set of committed epochs is final until {@link #begin} is used.
 *
 * <p>Use: fence, read the log to its {@link EpochSource#end()}, then begin. Owned by one thread.
 */
public interface FencedWriter extends AutoCloseable {

  /**
   * Starts writing where the drained log ends; may be called once. The returned log owns the
   * connection from here on.
   *
   * @param run the run
   * @param term must be one more than {@code chain.term()}
   * @param chain the state after the last committed epoch
   * @param partitions number of partitions of the event topic, 1 or more
   */
  EpochLog begin(UUID run, long term, ChainState chain, int partitions);

  /** Lets go of connections, also of the log that {@link #begin} returned. */
  @Override
  void close();
}
