package io.understudy.cli.demo;

/** A cluster of child processes did not do what it was told in time; the message shows its logs. */
public final class DemoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DemoException(String message) {
    super(message);
  }

  DemoException(String message, Throwable cause) {
    super(message, cause);
  }
}
