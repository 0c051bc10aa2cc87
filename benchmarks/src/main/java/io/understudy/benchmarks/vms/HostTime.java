package io.understudy.benchmarks.vms;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Processor time of the whole host, as the kernel counts it (proc(5)). Stateless.
 *
 * <p>With that of the measured processes it tells how much else was going on, for nobody should
 * compare figures of a busy host without knowing.
 */
final class HostTime {
  /** The kernel's USER_HZ is 100 on x86-64, whatever its own clock. */
  private static final long MILLIS_PER_TICK = 10;

  private static final int IDLE = 4;
  private static final int IOWAIT = 5;
  private static final int STEAL = 8;

  private HostTime() {}

  /** Milliseconds that all processors together have not been idle, since the host's start. */
  static long busyMillis() throws IOException {
    return parse(Files.readString(Path.of("/proc/stat")));
  }

  /**
   * Takes it from the file {@code /proc/stat}. What a hypervisor took for others counts: it was not
   * there for the measured processes. The last fields, guests, are in the first ones already.
   *
   * @throws IllegalStateException if it begins with something else
   */
  static long parse(String stat) {
    String first = stat.lines().findFirst().orElse("");
    String[] fields = first.trim().split(" +", -1);
    if (!fields[0].equals("cpu") || fields.length <= STEAL) {
      throw new IllegalStateException("no times of a host: " + first);
    }
    long ticks = 0;
    for (int field = 1; field <= STEAL; field++) {
      if (field != IDLE && field != IOWAIT) {
        ticks += Long.parseLong(fields[field]);
      }
    }
    return ticks * MILLIS_PER_TICK;
  }
}
