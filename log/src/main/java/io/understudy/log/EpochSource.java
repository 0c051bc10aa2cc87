package io.understudy.log;

import java.time.Duration;

/**
 * Port: a run's committed epochs in order, each exactly once.
 *
 * <p>Owned by one thread. Every method may throw {@link LogCorruptException} or {@link
 * LogTruncatedException}; the source is unusable afterwards.
 */
public interface EpochSource extends AutoCloseable {

  /** The next epoch, or null when no complete one arrived within {@code timeout}. */
  Epoch poll(Duration timeout);

  /** The position after the last epoch that {@link #poll} returned. */
  LogPosition position();

  /**
   * Up to where the log can be read now; exact only after a fence, see {@link LogEnd}. Blocks for a
   * round trip to the cluster.
   */
  LogEnd end();

  /**
   * Whether {@link #poll} has returned every epoch whose records are below {@code end}. False
   * means: poll again. If records below {@code end} can never become a complete epoch the log is
   * corrupt and that is thrown, so that a loop {@code while (!reached(end)) poll(...)} ends.
   */
  boolean reached(LogEnd end);

  @Override
  void close();
}
