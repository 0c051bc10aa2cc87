package io.understudy.log;

/**
 * The log no longer holds the position a reader has to continue from (retention or an operator
 * deleted it), or does not reach it (another or a lost topic). Fatal for this reader: start from a
 * newer checkpoint.
 */
public final class LogTruncatedException extends LogException {
  private static final long serialVersionUID = 1L;

  private final boolean cutOff;

  /**
   * Names vm, partition, wanted and available offsets.
   *
   * @param cutOff whether the log begins behind the position
   */
  public LogTruncatedException(String message, boolean cutOff) {
    super(message);
    this.cutOff = cutOff;
  }

  /** The broker refused an offset while reading. */
  public LogTruncatedException(String message, Throwable cause) {
    super(message, cause);
    this.cutOff = true;
  }

  /** Whether the log begins behind the position; otherwise it ends before it. */
  public boolean isCutOff() {
    return cutOff;
  }
}
