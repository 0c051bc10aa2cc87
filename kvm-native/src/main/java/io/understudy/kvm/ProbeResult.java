package io.understudy.kvm;

import java.util.Objects;

/**
 * Outcome of trying one mechanism. Immutable.
 *
 * @param mechanism what was tried, a short name
 * @param verdict the outcome
 * @param evidence what was seen, for people
 * @param isRequired whether Understudy needs it
 */
public record ProbeResult(String mechanism, Verdict verdict, String evidence, boolean isRequired) {
  /** Checks that nothing is missing. */
  public ProbeResult {
    Objects.requireNonNull(mechanism, "mechanism");
    Objects.requireNonNull(verdict, "verdict");
    Objects.requireNonNull(evidence, "evidence");
  }

  /** Whether a required mechanism cannot be used. */
  public boolean isObstacle() {
    return isRequired && (verdict == Verdict.DOES_NOT_WORK || verdict == Verdict.ABSENT);
  }

  @Override
  public String toString() {
    return String.format(
        "%-26s %-18s %-9s %s", mechanism, verdict, isRequired ? "required" : "optional", evidence);
  }
}
