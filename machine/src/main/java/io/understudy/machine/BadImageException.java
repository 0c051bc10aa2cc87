package io.understudy.machine;

/** A file that was given as a guest's image cannot be one; the message names it and says why. */
public final class BadImageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** With what is wrong, where, what was expected and what was found. */
  public BadImageException(String message) {
    super(message);
  }

  /** As {@link #BadImageException(String)}, with the library's own account of it. */
  public BadImageException(String message, Throwable cause) {
    super(message, cause);
  }
}
