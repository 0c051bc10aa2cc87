package io.understudy.failover.coordinator;

import io.understudy.failover.front.Endpoint;
import io.understudy.schemas.Heartbeat;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The nodes of one run by their newest heartbeats, and which of them could lead.
 *
 * <p>The heartbeat topic keeps the last beat of nodes that died long ago, so a node counts only
 * after a beat that cannot have been lying there: one read after a probe of ours came back.
 *
 * <p>Owned by the coordinator's thread.
 */
final class NodeTable {
  private final ClusterProbe probe;
  private final long freshNanos;
  private final long timeoutNanos;
  private final SortedMap<String, Entry> entries = new TreeMap<>();

  /** A node's newest beat, when it was received, and whether it cannot be an old one. */
  record Entry(Heartbeat beat, long receivedNanos, boolean current) {}

  NodeTable(DetectorSettings settings, ClusterProbe probe) {
    this.probe = probe;
    this.freshNanos = settings.suspectAfter().toNanos();
    this.timeoutNanos = settings.timeout().toNanos();
  }

  void beat(Heartbeat beat, long nowNanos) {
    entries.put(beat.node(), new Entry(beat, nowNanos, probe.isConfirmed()));
  }

  /**
   * The standby that is furthest, of those with a fresh beat; {@code avoided} ones only when there
   * is no other. Equal ones are decided by name, so that two coordinators choose the same.
   */
  Optional<Heartbeat> candidate(Set<UUID> avoided) {
    return entries.values().stream()
        .filter(entry -> NodePhase.canLead(entry.beat()) && isHeardWithin(entry, freshNanos))
        .map(Entry::beat)
        .min(
            Comparator.comparing((Heartbeat beat) -> avoided.contains(beat.incarnation()))
                .thenComparing(Comparator.comparingLong(Heartbeat::epoch).reversed())
                .thenComparing(Heartbeat::node));
  }

  /** Whether there is a standby that is not dead, fresh or not. */
  boolean hasLivingStandby() {
    return entries.values().stream()
        .anyMatch(entry -> NodePhase.canLead(entry.beat()) && isHeardWithin(entry, timeoutNanos));
  }

  Optional<Heartbeat> of(String node) {
    return Optional.ofNullable(entries.get(node)).filter(Entry::current).map(Entry::beat);
  }

  boolean isDead(String node) {
    Entry entry = entries.get(node);
    return entry == null || !isHeardWithin(entry, timeoutNanos);
  }

  /** Where the consoles of living nodes listen. */
  Set<Endpoint> endpoints() {
    Set<Endpoint> endpoints = new LinkedHashSet<>();
    for (Entry entry : entries.values()) {
      if (isHeardWithin(entry, timeoutNanos)) {
        endpointOf(entry.beat()).ifPresent(endpoints::add);
      }
    }
    return endpoints;
  }

  /** The node that names this endpoint as its console. */
  Optional<String> at(Endpoint endpoint) {
    return entries.values().stream()
        .map(Entry::beat)
        .filter(beat -> endpointOf(beat).equals(Optional.of(endpoint)))
        .map(Heartbeat::node)
        .findFirst();
  }

  List<Entry> entries() {
    return new ArrayList<>(entries.values());
  }

  private boolean isHeardWithin(Entry entry, long nanos) {
    return entry.current() && probe.confirmedSilence(entry.receivedNanos()) < nanos;
  }

  private static Optional<Endpoint> endpointOf(Heartbeat beat) {
    return beat.consoleHost().isBlank() || beat.consolePort() == 0
        ? Optional.empty()
        : Optional.of(new Endpoint(beat.consoleHost(), beat.consolePort()));
  }
}
