package io.understudy.log;

/**
 * The cluster did not answer within the commit timeout. For a commit this is a fence like any other
 * failure, with unknown outcome; for a fence it means that nothing was gained or lost.
 */
public final class LogTimeoutException extends LogFencedException {
  private static final long serialVersionUID = 1L;

  /** The deadline passed, as {@code cause} says. */
  public LogTimeoutException(String message, Throwable cause) {
    super(message, cause);
  }
}
