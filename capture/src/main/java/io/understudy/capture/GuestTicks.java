package io.understudy.capture;

import io.understudy.machine.Machine;

/**
 * When time may enter a live machine: the same whether somebody writes it down or not. All moments
 * are virtual nanoseconds; {@code now} is where the guest's clock should be. Stateless.
 */
final class GuestTicks {
  /**
   * A tick that the guest does not take holds its clock back no longer than this; then ticks are
   * dropped and only the clock stays true. It is also the most that the clock is moved at once: a
   * guest that counts on a 24-bit PM timer loses track of more than four seconds.
   */
  private static final long MAX_TICK_LAG_NANOS = 1_000_000_000;

  /** How far a running guest's clock may trail when no timer is running that would move it. */
  private static final long TIMERLESS_STEP_NANOS = 10_000_000;

  /** How long to wait before looking again at a tick that the guest has not taken. */
  private static final long UNTAKEN_TICK_WAIT_NANOS = 1_000_000;

  private GuestTicks() {}

  /** What a guest may be shown that reads a clock: time may not pass a tick that it would miss. */
  static long shown(Machine machine, long now) {
    boolean held = machine.isTimerPending() && now - machine.virtualNanos() <= MAX_TICK_LAG_NANOS;
    long last = held ? machine.nextTimerNanos() - 1 : machine.nextTimerNanos();
    return Math.min(now, last);
  }

  /**
   * Where the clock is to be moved next, without anything having come from outside. When it is far
   * behind, whole groups of ticks are dropped: one by one, each would cost an event, and a slow
   * host would do nothing else. A halted guest looks at no clock: until its timer wakes it nothing
   * need be said.
   */
  static long edge(Machine machine, long now) {
    long virtual = machine.virtualNanos();
    if (now - virtual > MAX_TICK_LAG_NANOS && !machine.isTimerPending()) {
      return virtual + MAX_TICK_LAG_NANOS;
    }
    if (machine.isHalted()) {
      return machine.nextTimerNanos();
    }
    return Math.min(machine.nextTimerNanos(), virtual + TIMERLESS_STEP_NANOS);
  }

  /**
   * Whether the clock is to be moved to the edge now. One tick at a time: the next one waits until
   * the guest has taken the last, so that a guest that was held up catches up instead of losing
   * ticks.
   */
  static boolean isEdgeDue(Machine machine, long edge, long now) {
    return edge <= now
        && (!machine.isTimerPending() || now - machine.virtualNanos() > MAX_TICK_LAG_NANOS);
  }

  /** When an input comes that comes now; the guest's timer then shows it to the nanosecond. */
  static long momentOfInput(Machine machine, long now) {
    return Math.min(now, machine.nextTimerNanos() - 1);
  }

  /** How long until there is a reason to look at the clock again. */
  static long nanosUntilEdge(Machine machine, long now) {
    return machine.isTimerPending() ? UNTAKEN_TICK_WAIT_NANOS : edge(machine, now) - now;
  }
}
