package io.understudy.log;

/** The Kafka cluster lacks a feature without which the log is not safe; the message names it. */
public final class UnsupportedClusterException extends LogException {
  private static final long serialVersionUID = 1L;

  /** Names the feature, the level needed and the level found. */
  public UnsupportedClusterException(String message) {
    super(message);
  }
}
