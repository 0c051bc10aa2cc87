package io.understudy.benchmarks.vms;

import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What all parts have used at one moment.
 *
 * @param nanos when, {@link System#nanoTime}
 * @param parts the sums over the processes of each
 * @param clientsMillis processor time of this process, whose threads the clients are
 * @param hostMillis processor time of the host, all of that included
 */
record Reading(long nanos, Map<Part, Usage> parts, long clientsMillis, long hostMillis) {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double KIB_PER_MIB = 1024;
  private static final double PERCENT = 100;

  /** Reads them now. */
  static Reading take(Map<Part, List<Long>> processes) throws IOException {
    long nanos = System.nanoTime();
    Map<Part, Usage> parts = new EnumMap<>(Part.class);
    for (Map.Entry<Part, List<Long>> part : processes.entrySet()) {
      Usage sum = Usage.NONE;
      for (long pid : part.getValue()) {
        sum = sum.plus(Usage.of(pid));
      }
      parts.put(part.getKey(), sum);
    }
    long clientsMillis = Usage.of(ProcessHandle.current().pid()).cpuMillis();
    return new Reading(nanos, parts, clientsMillis, HostTime.busyMillis());
  }

  /** What each part took from {@code earlier} until now. */
  Map<Part, Cost> since(Reading earlier) {
    Map<Part, Cost> costs = new EnumMap<>(Part.class);
    parts.forEach(
        (part, usage) ->
            costs.put(
                part,
                new Cost(
                    percent(usage.cpuMillis() - earlier.parts.get(part).cpuMillis(), earlier),
                    usage.rssKib() / KIB_PER_MIB,
                    usage.peakKib() / KIB_PER_MIB)));
    return costs;
  }

  /**
   * What everything else on the host took from {@code earlier} until now, percent of one processor:
   * neither a part nor the clients.
   */
  double othersPercent(Reading earlier) {
    long millis = hostMillis - earlier.hostMillis - (clientsMillis - earlier.clientsMillis);
    for (Map.Entry<Part, Usage> part : parts.entrySet()) {
      millis -= part.getValue().cpuMillis() - earlier.parts.get(part.getKey()).cpuMillis();
    }
    // The kernel counts the two in different ways; a host without others can come out below 0.
    return percent(Math.max(0, millis), earlier);
  }

  private double percent(long cpuMillis, Reading earlier) {
    return cpuMillis / ((nanos - earlier.nanos) / NANOS_PER_MILLI) * PERCENT;
  }
}
