package io.understudy.schemas;

import static java.util.Objects.requireNonNull;

import java.util.UUID;

/**
 * Sign of life of a node. Liveness is judged by receipt on the watcher's own clock, never by {@code
 * sentAtMillis}. Immutable.
 *
 * @param vm id of the virtual machine, see {@link VmId}
 * @param run the run the node works on
 * @param node name of the node
 * @param incarnation identity of the node's process, a new one with every start
 * @param role what the node does for the run
 * @param phase what it is doing inside its role, one word for people
 * @param term the term it knows of, 0 when none
 * @param epoch last committed epoch of a primary, last applied epoch of a standby, -1 when none
 * @param position logical time at the end of that epoch, from 0
 * @param checkpointEpoch epoch of its newest durable checkpoint, -1 when none
 * @param consoleHost host its console listens on, empty when none
 * @param consolePort TCP port its console listens on, 0 when none
 * @param sentAtMillis wall clock of the node, milliseconds since 1970-01-01T00:00Z
 * @param digestsVerified epoch digests compared since the node's start, from 0
 * @param digestMismatches those that differed, from 0
 * @param protection what protects a primary's run; {@link Protection#UNKNOWN} for all others
 * @param throttlePermille how much of the time a primary makes its guest stand still, 0 to 1000
 * @param retention what a primary does about the length of its log; {@link Retention#UNKNOWN} for
 *     all others
 * @param logFirstEpoch first epoch that a primary's log still has, -1 when it does not know
 */
public record Heartbeat(
    String vm,
    UUID run,
    String node,
    UUID incarnation,
    NodeRole role,
    String phase,
    long term,
    long epoch,
    long position,
    long checkpointEpoch,
    String consoleHost,
    int consolePort,
    long sentAtMillis,
    long digestsVerified,
    long digestMismatches,
    Protection protection,
    int throttlePermille,
    Retention retention,
    long logFirstEpoch) {
  /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
  public Heartbeat {
    VmId.requireLegalOrProbe(vm);
    requireNonNull(run, "run");
    Checks.notBlank("node", node);
    requireNonNull(incarnation, "incarnation");
    requireNonNull(role, "role");
    requireNonNull(phase, "phase");
    Checks.atLeast(0, "term", term);
    Checks.atLeast(-1, "epoch", epoch);
    Checks.atLeast(0, "position", position);
    Checks.atLeast(-1, "checkpointEpoch", checkpointEpoch);
    requireNonNull(consoleHost, "consoleHost");
    if (consolePort < 0 || consolePort > 65535) {
      throw new IllegalArgumentException(
          "consolePort must be 0 to 65535: consolePort=" + consolePort);
    }
    Checks.atLeast(0, "digestsVerified", digestsVerified);
    Checks.atLeast(0, "digestMismatches", digestMismatches);
    requireNonNull(protection, "protection");
    if (throttlePermille < 0 || throttlePermille > 1000) {
      throw new IllegalArgumentException(
          "throttlePermille must be 0 to 1000: throttlePermille=" + throttlePermille);
    }
    requireNonNull(retention, "retention");
    Checks.atLeast(-1, "logFirstEpoch", logFirstEpoch);
  }

  /**
   * A heartbeat of a process that is no primary: nothing is said about protection and retention.
   */
  public Heartbeat(
      String vm,
      UUID run,
      String node,
      UUID incarnation,
      NodeRole role,
      String phase,
      long term,
      long epoch,
      long position,
      long checkpointEpoch,
      String consoleHost,
      int consolePort,
      long sentAtMillis,
      long digestsVerified,
      long digestMismatches) {
    this(
        vm,
        run,
        node,
        incarnation,
        role,
        phase,
        term,
        epoch,
        position,
        checkpointEpoch,
        consoleHost,
        consolePort,
        sentAtMillis,
        digestsVerified,
        digestMismatches,
        Protection.UNKNOWN,
        0,
        Retention.UNKNOWN,
        -1);
  }
}
