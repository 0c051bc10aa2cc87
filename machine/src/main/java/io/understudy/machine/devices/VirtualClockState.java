package io.understudy.machine.devices;

/**
 * Saved state of a {@link VirtualClock}.
 *
 * @param nanos virtual time since power-on in nanoseconds, 0 or more
 */
public record VirtualClockState(long nanos) {

  /** Refuses a negative time. */
  public VirtualClockState {
    Checks.notNegative("nanos", nanos);
  }
}
