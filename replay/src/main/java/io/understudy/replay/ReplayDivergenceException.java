package io.understudy.replay;

/**
 * The machine is not where the log says it was. Fatal: a replica that goes on after this is no
 * replica.
 */
public final class ReplayDivergenceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Says where, and what was expected and found there. */
  public ReplayDivergenceException(String message) {
    super(message);
  }
}
