package io.understudy.kvm;

/**
 * The C library functions this module calls, mapped directly by JNA. Pointers and C {@code long}s
 * are Java {@code long}s (x86-64 only), so a call costs no allocation. A negative result means
 * failure and {@link NativeAccess#errno()} has the reason, except for {@link #pthread_sigmask},
 * which returns it.
 */
final class LibC {
  /** asm-generic/fcntl.h. */
  static final int O_RDWR = 2;

  static final int O_NONBLOCK = 0x800;
  static final int O_CLOEXEC = 0x80000;

  /** asm-generic/poll.h. */
  static final short POLLIN = 1;

  /** asm-generic/mman-common.h and asm-generic/mman.h. */
  static final int PROT_READ_WRITE = 3;

  static final int MAP_SHARED = 1;
  static final int MAP_PRIVATE = 2;
  static final int MAP_ANONYMOUS = 0x20;
  static final int MAP_NORESERVE = 0x4000;
  static final long MAP_FAILED = -1;
  static final int MADV_UNMERGEABLE = 13;
  static final int MADV_NOHUGEPAGE = 15;

  /** asm-generic/signal.h and signal-defs.h; a C library {@code sigset_t} has 1024 bits. */
  static final int SIGURG = 23;

  static final int SIG_BLOCK = 0;
  static final int SIGSET_BYTES = 128;

  /** asm/unistd_64.h. */
  static final long SYS_GETTID = 186;

  static final long SYS_TGKILL = 234;
  static final long SYS_PERF_EVENT_OPEN = 298;

  private LibC() {}

  static native int open(String path, int flags);

  static native int close(int fd);

  /** Variadic in C; on x86-64 the third argument travels in the same register either way. */
  static native int ioctl(int fd, long request, long argument);

  static native long mmap(
      long address, long sizeBytes, int protection, int flags, int fd, long offset);

  static native int munmap(long address, long sizeBytes);

  static native int madvise(long address, long sizeBytes, int advice);

  static native long pread(int fd, long target, long sizeBytes, long offset);

  static native long read(int fd, long target, long sizeBytes);

  static native long write(int fd, long source, long sizeBytes);

  static native int poll(long descriptors, long count, int timeoutMillis);

  static native int pthread_sigmask(int how, long set, long oldSet);

  static native int sigtimedwait(long set, long info, long timeout);

  static native long syscall(long number, long a, long b, long c, long d, long e);
}
