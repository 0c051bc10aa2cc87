package io.understudy.log;

/**
 * The log no longer holds the position a reader has to continue from (retention or an operator
 * deleted it), or does not reach it (another or a lost topic). Fatal for this reader: where the log
 * is cut off, start from a newer checkpoint; where it ends early, what it held is lost, and may be
 * nowhere but in the checkpoint.
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

  /** The same, found when the broker refused an offset, or by way of another one. */
  public LogTruncatedException(String message, boolean cutOff, Throwable cause) {
    super(message, cause);
    this.cutOff = cutOff;
  }

  /** Whether the log begins behind the position; otherwise it ends before it. */
  public boolean isCutOff() {
    return cutOff;
  }
}
