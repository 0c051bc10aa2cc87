package io.understudy.kvm;

/**
 * KVM cannot be used on this host: no device, no permission, not a KVM device, capabilities
 * missing, or a platform this module does not support. The message says what to do about it.
 */
public final class KvmUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  KvmUnavailableException(String message) {
    super(message);
  }

  KvmUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
