package io.understudy.kvm;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Outcome of {@link HostProbe#run}. Immutable.
 *
 * @param results one for each mechanism, in the order they were tried
 */
public record ProbeReport(List<ProbeResult> results) {
  /** Copies. */
  public ProbeReport {
    results = List.copyOf(results);
  }

  /** Whether every required mechanism works, if only with limits. */
  public boolean usable() {
    return results.stream().noneMatch(ProbeResult::isObstacle);
  }

  /** The result for a mechanism. */
  public Optional<ProbeResult> find(String mechanism) {
    return results.stream().filter(r -> r.mechanism().equals(mechanism)).findFirst();
  }

  /** One line for each mechanism. */
  @Override
  public String toString() {
    return results.stream().map(ProbeResult::toString).collect(Collectors.joining("\n"));
  }
}
