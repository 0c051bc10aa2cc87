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
 */
record Reading(long nanos, Map<Part, Usage> parts) {
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
    return new Reading(nanos, parts);
  }

  /** What each part took from {@code earlier} until now. */
  Map<Part, Cost> since(Reading earlier) {
    double millis = (nanos - earlier.nanos) / 1e6;
    Map<Part, Cost> costs = new EnumMap<>(Part.class);
    parts.forEach(
        (part, usage) -> {
          long cpuMillis = usage.cpuMillis() - earlier.parts.get(part).cpuMillis();
          costs.put(
              part,
              new Cost(
                  cpuMillis / millis * 100, usage.rssKib() / 1024.0, usage.peakKib() / 1024.0));
        });
    return costs;
  }
}
