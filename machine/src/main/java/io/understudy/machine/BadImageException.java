package io.understudy.machine;

/** A file that was given as a guest's image cannot be one; the message names it and says why. */
public final class BadImageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  BadImageException(String message) {
    super(message);
  }

  BadImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
