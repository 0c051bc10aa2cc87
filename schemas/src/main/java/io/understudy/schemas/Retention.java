package io.understudy.schemas;

/**
 * What a primary does about the length of its log. The names are written to heartbeats and are
 * never reused.
 */
public enum Retention {
  /** Nobody said, or a state of a later version. */
  UNKNOWN,
  /** It keeps everything. */
  OFF,
  /** The log is as long as it was told, or nothing that it may delete is known yet. */
  KEEPING,
  /** Something is due, but a living standby needs it, or the primary cannot commit just now. */
  WAITING,
  /** The last attempt failed; it tries again. */
  FAILING
}
