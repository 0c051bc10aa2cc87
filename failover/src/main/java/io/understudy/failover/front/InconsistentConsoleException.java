package io.understudy.failover.front;

/** A node's offsets contradict what the front knows: bytes would be lost or repeated. Fatal. */
final class InconsistentConsoleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  InconsistentConsoleException(String message) {
    super(message);
  }
}
