package io.understudy.failover.operator;

/** An order was not given, or nothing came of it in time; the message says what to do. */
public final class OrderRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says why. */
  public OrderRefusedException(String message) {
    super(message);
  }
}
