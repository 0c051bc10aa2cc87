package io.understudy.failover.coordinator;

import io.understudy.failover.front.Endpoint;
import io.understudy.failover.front.FrontState;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmId;
import io.understudy.schemas.VmRecord;
import java.util.Optional;
import java.util.UUID;

/**
 * How a coordinator uses the fields of a {@link Heartbeat}: two kinds of beats, both with role
 * {@link NodeRole#COORDINATOR}.
 *
 * <ul>
 *   <li>The <em>probe</em>, under a VM id that no VM has: {@code position} is the sending time in
 *       nanoseconds since the coordinator's start, by which it measures the cluster. A node that
 *       may promote itself sends the same with phase {@code ALONE}.
 *   <li>The <em>view</em> of a VM: {@code phase} is {@code state} or {@code state/front state},
 *       {@code term} the highest term heard of, the console fields where its front listens.
 * </ul>
 */
final class CoordinatorBeat {
  /** The phase of a probe that a node sends for its own watch. */
  private static final String ALONE = "ALONE";

  /** A probe belongs to no run. */
  private static final UUID NO_RUN = new UUID(0, 0);

  private CoordinatorBeat() {}

  static Heartbeat probe(String name, UUID incarnation, long nanosSinceStart, long wallMillis) {
    return new Heartbeat(
        VmId.COORDINATORS,
        NO_RUN,
        name,
        incarnation,
        NodeRole.COORDINATOR,
        "PROBE",
        0,
        -1,
        nanosSinceStart,
        -1,
        "",
        0,
        wallMillis,
        0,
        0);
  }

  static boolean isProbe(Heartbeat beat) {
    return beat.role() == NodeRole.COORDINATOR && beat.run().equals(NO_RUN);
  }

  /** The same probe of a node that watches by itself and is no coordinator. */
  static Heartbeat alone(Heartbeat probe) {
    return new Heartbeat(
        probe.vm(),
        probe.run(),
        probe.node(),
        probe.incarnation(),
        probe.role(),
        ALONE,
        probe.term(),
        probe.epoch(),
        probe.position(),
        probe.checkpointEpoch(),
        probe.consoleHost(),
        probe.consolePort(),
        probe.sentAtMillis(),
        probe.digestsVerified(),
        probe.digestMismatches());
  }

  static boolean isAlone(Heartbeat probe) {
    return probe.phase().equals(ALONE);
  }

  static Heartbeat view(
      String name,
      UUID incarnation,
      VmRecord vm,
      long term,
      VmState state,
      Optional<FrontState> front,
      Optional<Endpoint> clients,
      long wallMillis) {
    return new Heartbeat(
        vm.vm(),
        vm.run(),
        name,
        incarnation,
        NodeRole.COORDINATOR,
        state + front.map(found -> "/" + found).orElse(""),
        term,
        -1,
        0,
        -1,
        clients.map(Endpoint::host).orElse(""),
        clients.map(Endpoint::port).orElse(0),
        wallMillis,
        0,
        0);
  }

  /** The state that a view names. */
  static String state(Heartbeat view) {
    int slash = view.phase().indexOf('/');
    return slash < 0 ? view.phase() : view.phase().substring(0, slash);
  }

  /** The front state that a view names. */
  static Optional<String> frontState(Heartbeat view) {
    int slash = view.phase().indexOf('/');
    return slash < 0 ? Optional.empty() : Optional.of(view.phase().substring(slash + 1));
  }
}
