package io.understudy.schemas;

import static java.util.Objects.requireNonNull;

import java.util.UUID;

/**
 * Directory entry of a virtual machine, for people and tools; the event log decides. Immutable.
 *
 * @param vm id of the virtual machine, see {@link VmId}
 * @param run its run
 * @param partitions number of partitions of its event topic, 1 or more
 * @param guest name of the guest image
 * @param memoryBytes size of the guest's memory in bytes, more than 0
 * @param status where the run is in its life
 * @param term term of the leader that wrote this entry, from 1
 * @param node name of the node that led the run when it wrote this entry
 * @param startedAtMillis wall clock at power-on, milliseconds since 1970-01-01T00:00Z
 * @param updatedAtMillis wall clock at which this entry was written, same unit
 */
public record VmRecord(
    String vm,
    UUID run,
    int partitions,
    String guest,
    long memoryBytes,
    VmStatus status,
    long term,
    String node,
    long startedAtMillis,
    long updatedAtMillis) {
  /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
  public VmRecord {
    VmId.requireLegal(vm);
    requireNonNull(run, "run");
    Checks.atLeast(1, "partitions", partitions);
    Checks.notBlank("guest", guest);
    Checks.atLeast(1, "memoryBytes", memoryBytes);
    requireNonNull(status, "status");
    Checks.atLeast(1, "term", term);
    Checks.notBlank("node", node);
  }
}
