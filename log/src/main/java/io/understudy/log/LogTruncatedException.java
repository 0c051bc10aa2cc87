package io.understudy.log;

/**
 * The log no longer holds the position a reader has to continue from (retention or an operator
 * deleted it), or does not reach it (another or a lost topic). Fatal for this reader: start from a
 * newer checkpoint.
 */
public final class LogTruncatedException extends LogException {
  private static final long serialVersionUID = 1L;

  /** Names vm, partition, wanted and available offsets. */
  public LogTruncatedException(String message) {
    super(message);
  }

  /** The broker refused an offset while reading. */
  public LogTruncatedException(String message, Throwable cause) {
    super(message, cause);
  }
}
