package io.understudy.replay;

/** How a standby begins that has no checkpoint of its own from which the log goes on. */
public enum StartPolicy {
  /** From the beginning if the log is whole and short, else from a snapshot of the primary. */
  AUTO,
  /** From the beginning of the run, and from nothing else. */
  BEGINNING,
  /** From a snapshot of the primary, however short the log is. */
  SNAPSHOT
}
