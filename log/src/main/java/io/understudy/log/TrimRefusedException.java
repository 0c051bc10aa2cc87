package io.understudy.log;

import io.understudy.schemas.VmId;

/** Nothing of a log may be deleted, and the message says why and what to do. */
public final class TrimRefusedException extends LogException {
  private static final long serialVersionUID = 1L;

  TrimRefusedException(VmId vm, String why, String what) {
    super("the log is not trimmed: vm=" + vm + ": " + why + ": " + what);
  }
}
