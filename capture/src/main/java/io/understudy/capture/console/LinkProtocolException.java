package io.understudy.capture.console;

/**
 * The peer of a console link broke the protocol; the connection must be closed.
 *
 * <p>The message names what was found and what is allowed.
 */
public final class LinkProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Describes the violation. */
  public LinkProtocolException(String message) {
    super(message);
  }
}
