package io.understudy.machine.devices;

/**
 * The time of the machine: nanoseconds since power-on, moved only by the logged clock event.
 *
 * <p>Owned by the vCPU thread. Nothing in the machine reads any other clock; that is what makes the
 * timer, the RTC and trapped time stamp reads repeatable.
 */
public final class VirtualClock {

  private long nanos;

  /** Virtual time since power-on in nanoseconds. */
  public long nanos() {
    return nanos;
  }

  /**
   * Moves the clock to {@code targetNanos} since power-on.
   *
   * @throws IllegalArgumentException if that is earlier than now
   */
  public void advanceTo(long targetNanos) {
    if (targetNanos < nanos) {
      throw new IllegalArgumentException(
          "the virtual clock never goes back: nanos=" + nanos + " target=" + targetNanos);
    }
    nanos = targetNanos;
  }

  /** The complete state. */
  public VirtualClockState save() {
    return new VirtualClockState(nanos);
  }

  /** Replaces the complete state; the only way to set the clock back. */
  public void restore(VirtualClockState state) {
    nanos = state.nanos();
  }
}
