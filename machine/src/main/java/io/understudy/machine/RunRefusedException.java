package io.understudy.machine;

/**
 * A recorded run cannot be repeated exactly with what is at hand; the message says what differs,
 * what was expected and what was found.
 */
public final class RunRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says what differs, what was expected and what was found. */
  public RunRefusedException(String message) {
    super(message);
  }
}
