package io.understudy.kvm;

/** A probe guest did something else than expected; the message says what. */
final class ProbeFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ProbeFailedException(String message) {
    super(message);
  }
}
