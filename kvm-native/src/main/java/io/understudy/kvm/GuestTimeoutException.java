package io.understudy.kvm;

import java.time.Duration;

/** A probe guest did not come to its next exit in time. */
final class GuestTimeoutException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  GuestTimeoutException(Duration timeout) {
    super("no exit within timeoutMs=" + timeout.toMillis());
  }
}
