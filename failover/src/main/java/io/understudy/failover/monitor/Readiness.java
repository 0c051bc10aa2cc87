package io.understudy.failover.monitor;

/**
 * Whether something is ready for its work now.
 *
 * @param ready whether it is
 * @param detail why not, or what is worth knowing; one line for people, without secrets
 */
public record Readiness(boolean ready, String detail) {
  /** It is. */
  public static Readiness yes(String detail) {
    return new Readiness(true, detail);
  }

  /** It is not. */
  public static Readiness no(String why) {
    return new Readiness(false, why);
  }
}
