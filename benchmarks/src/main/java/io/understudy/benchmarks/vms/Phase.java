package io.understudy.benchmarks.vms;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What was measured while the guests were idle, or while clients were at work.
 *
 * @param costs of each part
 * @param othersPercent processor time of everything else on the host but the clients, percent of
 *     one processor
 * @param logBytesPerVmSecond what a VM's log grew by in a second on the broker's disk; empty if
 *     nothing is logged
 * @param latencies empty if the guests were idle
 */
record Phase(
    Map<Part, Cost> costs,
    double othersPercent,
    OptionalDouble logBytesPerVmSecond,
    Optional<Latencies> latencies) {
  /** Copies the map. */
  Phase {
    costs = Map.copyOf(costs);
  }

  /** Processor time of all parts, percent of one processor. */
  double cpuPercent() {
    return costs.values().stream().mapToDouble(Cost::cpuPercent).sum();
  }

  /** Whether all the work that was asked for was done. */
  boolean isCarried() {
    return latencies.map(Latencies::isCarried).orElse(true);
  }

  /** Bytes a second that a VM's log grew by. */
  double logGrowth() {
    return logBytesPerVmSecond.orElseThrow();
  }

  /** Resident memory of all parts, MiB. */
  double rssMib() {
    return costs.values().stream().mapToDouble(Cost::rssMib).sum();
  }

  /** Processor time where the guests run and their clients' output comes from. */
  double guestSideCpuPercent() {
    return costs.containsKey(Part.GUESTS)
        ? costs.get(Part.GUESTS).cpuPercent()
        : costs.get(Part.LEADER).cpuPercent();
  }
}
