package io.understudy.machine.devices;

/**
 * Exact conversion between virtual nanoseconds and ticks of the PC's 1193182 Hz timer crystal.
 *
 * <p>Both directions split off whole seconds, which are whole numbers of ticks, so no product
 * exceeds 2^51 and nothing is ever rounded twice: tick <i>t</i> begins at the first nanosecond
 * <i>n</i> with {@code atNanos(n) >= t}, after a century as after a second.
 */
final class PitTicks {

  /** Frequency of the 8254's clock input in Hz. */
  static final long FREQUENCY_HZ = 1_193_182L;

  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  /** Last tick that begins within the range of a {@code long} of nanoseconds. */
  private static final long LAST_TICK = atNanos(Long.MAX_VALUE);

  private PitTicks() {}

  /** Number of whole ticks since power-on at a time of 0 or more nanoseconds. */
  static long atNanos(long nanos) {
    long seconds = nanos / NANOS_PER_SECOND;
    long rest = nanos % NANOS_PER_SECOND;
    return seconds * FREQUENCY_HZ + rest * FREQUENCY_HZ / NANOS_PER_SECOND;
  }

  /** First nanosecond of a tick (0 or more), {@link Long#MAX_VALUE} if that is out of range. */
  static long startNanos(long tick) {
    if (tick > LAST_TICK) {
      return Long.MAX_VALUE;
    }
    long seconds = tick / FREQUENCY_HZ;
    long rest = tick % FREQUENCY_HZ;
    long roundedUp = (rest * NANOS_PER_SECOND + FREQUENCY_HZ - 1) / FREQUENCY_HZ;
    return seconds * NANOS_PER_SECOND + roundedUp;
  }
}
