package io.understudy.broker;

/** The embedded broker cannot start or stop; the message says why and names the values. */
public final class BrokerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A refusal of our own. */
  public BrokerException(String message) {
    super(message);
  }

  /** A failure of Kafka or the file system. */
  public BrokerException(String message, Throwable cause) {
    super(message, cause);
  }
}
