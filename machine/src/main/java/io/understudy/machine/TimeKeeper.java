package io.understudy.machine;

/** Knows what time it is when a guest asks; called on the vCPU thread. */
@FunctionalInterface
public interface TimeKeeper {
  /** The time is what the events have made it. */
  TimeKeeper STILL = Machine::virtualNanos;

  /**
   * The guest reads a clock in the exit that is about to make position {@code machine.position() +
   * 1}. The machine must not be changed here.
   *
   * @return the virtual time to answer from, in nanoseconds since power-on; not below {@link
   *     Machine#virtualNanos}
   */
  long timeAsked(Machine machine);
}
