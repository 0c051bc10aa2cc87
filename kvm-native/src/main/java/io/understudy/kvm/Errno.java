package io.understudy.kvm;

import java.util.Map;

/** Error numbers of asm-generic/errno-base.h and errno.h that KVM calls return. */
final class Errno {
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int E2BIG = 7;
  static final int EAGAIN = 11;
  static final int EBUSY = 16;
  static final int EACCES = 13;
  static final int EPERM = 1;
  static final int ENODEV = 19;
  static final int ENOTTY = 25;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(EPERM, "EPERM"),
          Map.entry(ENOENT, "ENOENT"),
          Map.entry(EINTR, "EINTR"),
          Map.entry(5, "EIO"),
          Map.entry(6, "ENXIO"),
          Map.entry(E2BIG, "E2BIG"),
          Map.entry(9, "EBADF"),
          Map.entry(EAGAIN, "EAGAIN"),
          Map.entry(12, "ENOMEM"),
          Map.entry(EACCES, "EACCES"),
          Map.entry(14, "EFAULT"),
          Map.entry(EBUSY, "EBUSY"),
          Map.entry(17, "EEXIST"),
          Map.entry(ENODEV, "ENODEV"),
          Map.entry(22, "EINVAL"),
          Map.entry(23, "ENFILE"),
          Map.entry(24, "EMFILE"),
          Map.entry(ENOTTY, "ENOTTY"),
          Map.entry(28, "ENOSPC"),
          Map.entry(38, "ENOSYS"),
          Map.entry(77, "EBADFD"),
          Map.entry(95, "EOPNOTSUPP"));

  private Errno() {}

  /** Its name, or the number of one that is not listed here. */
  static String name(int errno) {
    return NAMES.getOrDefault(errno, Integer.toString(errno));
  }
}
