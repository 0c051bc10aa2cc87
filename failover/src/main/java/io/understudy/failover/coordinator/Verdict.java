package io.understudy.failover.coordinator;

/**
 * What a {@link FailureDetector} thinks of a leader. Immutable.
 *
 * @param life the judgement
 * @param reason what it rests on, for people
 */
public record Verdict(Life life, String reason) {
  /** How alive a leader is. */
  public enum Life {
    /** It gives signs of life. */
    ALIVE,
    /** Signs of life are missing, but not for long enough or not provably. */
    SUSPECT,
    /** It may be replaced. */
    DEAD
  }
}
