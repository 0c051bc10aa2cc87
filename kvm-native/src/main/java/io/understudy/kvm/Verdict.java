package io.understudy.kvm;

/** What a probe found out about one mechanism. */
public enum Verdict {
  /** Behaves as the documentation of KVM says. */
  WORKS,
  /** Usable, but not in every respect; the evidence says in which. */
  WORKS_WITH_LIMITS,
  /** Offered or accepted, but the outcome is wrong. */
  DOES_NOT_WORK,
  /** The host does not offer it. */
  ABSENT
}
