package io.understudy.failover.node;

import io.understudy.capture.CaptureSettings;
import io.understudy.log.ClusterConnection;
import io.understudy.machine.GuestFiles;
import io.understudy.schemas.VmId;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * What a node is told at its start.
 *
 * @param vm the VM it runs
 * @param node its name, unique among the nodes of the VM
 * @param connection how to reach Kafka
 * @param stateDirectory where it keeps its checkpoints; created if missing
 * @param consoleListen where the front finds the console; port 0 takes a free one
 * @param heartbeatInterval how often it says that it lives
 * @param commitTimeout how long the log may be away before a primary gives up
 * @param checkpointEvery least time between two checkpoints of a standby
 * @param capture how a primary cuts epochs
 * @param snapshots how it takes and uses snapshots
 * @param kvmDevice the KVM device
 * @param files where this host has what the guest is made of
 * @param tap name of the TAP interface for the guest's network card; empty when there is none
 */
public record NodeSettings(
    VmId vm,
    String node,
    ClusterConnection connection,
    Path stateDirectory,
    InetSocketAddress consoleListen,
    Duration heartbeatInterval,
    Duration commitTimeout,
    Duration checkpointEvery,
    CaptureSettings capture,
    SnapshotSettings snapshots,
    Path kvmDevice,
    GuestFiles files,
    String tap) {
  /** Refuses what cannot work. */
  public NodeSettings {
    Objects.requireNonNull(vm, "vm");
    Objects.requireNonNull(connection, "connection");
    Objects.requireNonNull(stateDirectory, "stateDirectory");
    Objects.requireNonNull(consoleListen, "consoleListen");
    Objects.requireNonNull(capture, "capture");
    Objects.requireNonNull(snapshots, "snapshots");
    Objects.requireNonNull(kvmDevice, "kvmDevice");
    Objects.requireNonNull(files, "files");
    Objects.requireNonNull(tap, "tap");
    if (node == null || node.isBlank()) {
      throw new IllegalArgumentException("a node needs a name");
    }
    requirePositive("heartbeatInterval", heartbeatInterval);
    requirePositive("commitTimeout", commitTimeout);
    requirePositive("checkpointEvery", checkpointEvery);
  }

  private static void requirePositive(String name, Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(name + " must be positive, is " + duration);
    }
  }
}
