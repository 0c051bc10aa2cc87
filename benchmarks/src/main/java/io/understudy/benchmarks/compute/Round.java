package io.understudy.benchmarks.compute;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * What one run found: recorded, replayed, and done without a recording. Immutable.
 *
 * @param seed of its traffic and kicks
 * @param mismatch in what the replay differs from the recording, null if in nothing
 * @param points where the guest was stopped between exits
 * @param bytesPerSecond of events while the guest computed, as encoded; NaN after a mismatch
 * @param worstTickDelayMicros how late the latest tick was
 * @param plainSpeed instructions a second of pure computing, unrecorded; NaN if nothing counts them
 * @param recordedSpeed the same, recorded
 * @param recordNanos from the first answer to the last
 * @param replayNanos the same, replayed; 0 after a mismatch
 */
record Round(
    long seed,
    String mismatch,
    ForcedPoints points,
    double bytesPerSecond,
    long worstTickDelayMicros,
    double plainSpeed,
    double recordedSpeed,
    long recordNanos,
    long replayNanos) {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MILLI = 1e6;

  /** Whether the replay is what was recorded. */
  boolean matches() {
    return mismatch == null;
  }

  /** How many times as long computing takes when it is recorded. */
  OptionalDouble recordOverPlain() {
    double ratio = plainSpeed / recordedSpeed;
    return Double.isFinite(ratio) ? OptionalDouble.of(ratio) : OptionalDouble.empty();
  }

  /** Time of the replay to that of the recording. */
  OptionalDouble replayOverRecord() {
    return matches()
        ? OptionalDouble.of((double) replayNanos / recordNanos)
        : OptionalDouble.empty();
  }

  /** Instructions a second, all computations together. */
  static double speed(List<Client.Burn> burns) {
    long instructions = burns.stream().mapToLong(Client.Burn::instructions).sum();
    return instructions * NANOS_PER_SECOND / nanos(burns);
  }

  /** Time of all computations. */
  static long nanos(List<Client.Burn> burns) {
    return burns.stream().mapToLong(Client.Burn::nanos).sum();
  }

  /** In one line. */
  String text() {
    return String.format(
        Locale.ROOT,
        "seed=%d %s preemptions=%d transfers=%d recorded=%.0f ms replayed=%.0f ms"
            + " recorded/plain=%.2f worst tick=%.1f ms",
        seed,
        matches() ? "equal" : "MISMATCH",
        points.preemptions(),
        points.transfers(),
        recordNanos / NANOS_PER_MILLI,
        replayNanos / NANOS_PER_MILLI,
        recordOverPlain().orElse(Double.NaN),
        worstTickDelayMicros / 1000.0);
  }
}
