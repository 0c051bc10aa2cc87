package io.understudy.schemas;

/** What a node does for a run. The names are written to the log and are never reused. */
public enum NodeRole {
  /** A role of a later version. */
  UNKNOWN,
  /** Runs the guest against the world and writes the log. */
  PRIMARY,
  /** Applies the log and can take over. */
  STANDBY,
  /** Watches both and orders promotions. */
  COORDINATOR
}
