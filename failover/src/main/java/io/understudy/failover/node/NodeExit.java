package io.understudy.failover.node;

/**
 * Why a node ended.
 *
 * @param kind what its process makes of it
 * @param message for people
 */
public record NodeExit(Kind kind, String message) {
  /** What a node may end for. */
  public enum Kind {
    /** Somebody asked for it. */
    REQUESTED,
    /** It was told to leave the run alone. */
    DETACHED,
    /** The guest shut down. */
    GUEST_ENDED,
    /** Another node leads, or this one cannot prove that it does. */
    FENCED,
    /** The log could not be reached for longer than allowed. */
    LOG_TIMEOUT,
    /** The machine is not what the log says. */
    DIVERGED,
    /** Anything else. */
    FAILED
  }
}
