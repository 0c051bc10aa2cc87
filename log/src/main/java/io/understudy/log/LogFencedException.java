package io.understudy.log;

/**
 * A commit did not succeed, so the writer must be taken to have lost the right to write: its
 * outputs of the epoch must never be released, and the writer is unusable from here on.
 *
 * <p>It is thrown whatever Kafka said, because a fenced producer is told so in several ways
 * (ProducerFenced, InvalidProducerEpoch, InvalidTxnState) and because an unknown outcome must be
 * treated the same: whether the epoch is in the log, only the log can tell.
 */
public class LogFencedException extends LogException {
  private static final long serialVersionUID = 1L;

  /** The writer was closed or had failed before. */
  public LogFencedException(String message) {
    super(message);
  }

  /** The commit failed with {@code cause}. */
  public LogFencedException(String message, Throwable cause) {
    super(message, cause);
  }
}
