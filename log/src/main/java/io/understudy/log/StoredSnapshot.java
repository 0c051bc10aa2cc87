package io.understudy.log;

import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.VmId;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A snapshot that has a manifest. Immutable.
 *
 * @param vm the virtual machine
 * @param run the run
 * @param term term of its epoch and of the leadership that took it
 * @param id identity of the snapshot
 * @param manifest what it holds, and where
 * @param verified whether somebody has restored it and found the digests equal
 */
public record StoredSnapshot(
    VmId vm, UUID run, long term, UUID id, SnapshotPart.Completed manifest, boolean verified) {

  /**
   * Key of its records. An order that outlives its leader is obeyed by the next one under the same
   * identity, so that alone does not tell their pieces apart.
   */
  static String key(UUID id, long term) {
    return id + "/" + term;
  }

  /** Where reading the log goes on. */
  public LogPosition position() {
    SortedMap<Integer, Long> offsets = new TreeMap<>();
    for (int partition = 0; partition < manifest.offsets().size(); partition++) {
      offsets.put(partition, manifest.offsets().get(partition));
    }
    return new LogPosition(
        new ChainState(manifest.epoch() + 1, manifest.nextSequence(), term, manifest.hash()),
        offsets);
  }
}
