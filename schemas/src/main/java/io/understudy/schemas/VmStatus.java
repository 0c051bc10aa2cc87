package io.understudy.schemas;

/** Where a run is in its life. The names are written to the log and are never reused. */
public enum VmStatus {
  /** A status of a later version. */
  UNKNOWN,
  /** From power-on. */
  RUNNING,
  /** After RunEnded was committed. */
  ENDED
}
