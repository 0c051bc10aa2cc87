package io.understudy.log;

/**
 * The event log or its cluster could not do what was asked. The message says what failed, with
 * values; subclasses stand for failures that callers treat differently.
 */
public class LogException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A failure that this module found. */
  public LogException(String message) {
    super(message);
  }

  /** A failure that Kafka reported. */
  public LogException(String message, Throwable cause) {
    super(message, cause);
  }
}
