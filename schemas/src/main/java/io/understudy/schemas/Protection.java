package io.understudy.schemas;

/**
 * Whether a standby could take over from a primary. The names are written to heartbeats and are
 * never reused.
 */
public enum Protection {
  /** Nobody said, or a state of a later version. */
  UNKNOWN,
  /** A standby follows closely. */
  PROTECTED,
  /** A standby follows, and the guest is slowed so that it does not fall behind further. */
  DEGRADED,
  /** No standby follows; the guest goes on. */
  UNPROTECTED,
  /** No standby follows; the guest stands still until one does. */
  STOPPED
}
