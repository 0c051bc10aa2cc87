package io.understudy.capture;

/**
 * Why a primary stopped.
 *
 * @param kind what the process makes of it
 * @param message for people
 */
public record StopReason(Kind kind, String message) {
  /** What a primary may stop for. */
  public enum Kind {
    /** Somebody asked for it. */
    REQUESTED,
    /** The guest shut down; the log says so. */
    GUEST_ENDED,
    /** A successor holds the log, or a commit failed in a way that cannot be told from that. */
    FENCED,
    /** The log could not be reached for longer than allowed. */
    LOG_TIMEOUT,
    /** Anything else; a defect or a broken host. */
    FAILED
  }
}
