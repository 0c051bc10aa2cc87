package io.understudy.log;

/**
 * Port: the right to append epochs to one run's log, held by one leader for one term.
 *
 * <p>Owned by one thread. An instance that threw once is unusable and refuses every further commit.
 */
public interface EpochLog extends AutoCloseable {

  /** What the next epoch will continue. */
  ChainState state();

  /**
   * Commits an epoch, all or nothing, and returns once it is in the log for good.
   *
   * <p>The first epoch of a run must begin with RunStarted, the first of a later term with
   * TermStarted.
   *
   * @throws LogFencedException if the commit did not succeed, for whatever reason; the epoch may be
   *     in the log or not, and must be treated as not committed
   * @throws LogTimeoutException if that was because the commit timeout passed
   * @throws IllegalArgumentException if the draft cannot be part of the run; nothing was written
   *     and the log is still usable
   */
  CommittedEpoch commit(EpochDraft draft);

  /** Lets go of connections. Does not give the right to write to anybody else. */
  @Override
  void close();
}
