package io.understudy.schemas;

/**
 * Whether a standby could take over from a primary. The names are written to heartbeats and are
 * never reused; the codes go into metrics and never change.
 */
public enum Protection {
  /** Nobody said, or a state of a later version. */
  UNKNOWN(0),
  /** A standby follows closely. */
  PROTECTED(1),
  /** A standby follows, and the guest is slowed so that it does not fall behind further. */
  DEGRADED(2),
  /** No standby follows; the guest goes on. */
  UNPROTECTED(3),
  /** No standby follows; the guest stands still until one does. */
  STOPPED(4);

  private final int code;

  Protection(int code) {
    this.code = code;
  }

  /** Stable number of this state. */
  public int code() {
    return code;
  }
}
