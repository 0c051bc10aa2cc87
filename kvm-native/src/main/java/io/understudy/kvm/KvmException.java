package io.understudy.kvm;

/**
 * A call to KVM or to the C library failed. The message names the call, the errno and what the
 * caller added. Not retried anywhere in this module.
 */
public final class KvmException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final int errno;

  KvmException(String call, int errno, String details) {
    super(
        call
            + " failed: errno="
            + Errno.name(errno)
            + "("
            + errno
            + ")"
            + (details.isEmpty() ? "" : " " + details));
    this.call = call;
    this.errno = errno;
  }

  /** Name of the ioctl or C function, for example {@code KVM_SET_SREGS}. */
  public String call() {
    return call;
  }

  /** The error number, 0 when the kernel reported partial success instead. */
  public int errno() {
    return errno;
  }

  /** Name of the error number, for example {@code EINVAL}, or {@code unknown}. */
  public String errnoName() {
    return Errno.name(errno);
  }
}
