package io.understudy.machine;

/**
 * Where the guest took its interrupts: a digest over vector, instruction pointer and registers of
 * each one. Two machines that took an interrupt at different places differ from then on, even if
 * everything they show happens to be equal.
 *
 * <p>Owned by the vCPU thread.
 */
final class Injections {
  /**
   * Saved state.
   *
   * @param count interrupts taken since power-on
   * @param digest over all of them, in order
   */
  record State(long count, long digest) {}

  private long count;
  private long digest;

  void add(int vector, Landmark at) {
    count++;
    digest = RegisterDigest.combine(digest, vector);
    digest = RegisterDigest.combine(RegisterDigest.combine(digest, at.rip()), at.registers());
  }

  State save() {
    return new State(count, digest);
  }

  void restore(State state) {
    count = state.count();
    digest = state.digest();
  }
}
