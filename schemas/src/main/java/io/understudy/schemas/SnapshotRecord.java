package io.understudy.schemas;

import static java.util.Objects.requireNonNull;

import java.util.UUID;

/**
 * A record of the snapshots topic: a part of a snapshot with whose it is. Immutable.
 *
 * @param vm id of the virtual machine
 * @param run the run
 * @param term term of the leadership that took the snapshot, from 1
 * @param snapshotId identity of the snapshot
 * @param part what the record says
 */
public record SnapshotRecord(String vm, UUID run, long term, UUID snapshotId, SnapshotPart part) {
  /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
  public SnapshotRecord {
    VmId.requireLegal(vm);
    requireNonNull(run, "run");
    Checks.atLeast(1, "term", term);
    requireNonNull(snapshotId, "snapshotId");
    requireNonNull(part, "part");
  }
}
