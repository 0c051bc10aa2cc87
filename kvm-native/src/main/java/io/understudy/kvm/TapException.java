package io.understudy.kvm;

/** A TAP interface cannot be used; the message says why and what to do. */
public final class TapException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TapException(String message) {
    super(message);
  }
}
