package io.understudy.replay.checkpoint;

import io.understudy.schemas.VmId;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * What a complete walk over a store found. Immutable.
 *
 * @param dir where the store is
 * @param vm whose it is
 * @param run whose it is
 * @param layoutVersion version of the arrangement of the store
 * @param rocksVersion version of RocksDB that made it
 * @param checkpoints in ascending order of epoch
 * @param pageVersions versions of pages, needed or not
 * @param unneededVersions those that no checkpoint needs and later pruning removes
 * @param pageBytes content of all versions before compression
 * @param diskBytes all files of the store
 * @param damage everything found wrong, one sentence each; empty for a sound store
 */
public record StoreReport(
    Path dir,
    VmId vm,
    UUID run,
    int layoutVersion,
    String rocksVersion,
    List<CheckpointReport> checkpoints,
    long pageVersions,
    long unneededVersions,
    long pageBytes,
    long diskBytes,
    List<String> damage) {

  public StoreReport {
    checkpoints = List.copyOf(checkpoints);
    damage = List.copyOf(damage);
  }

  /**
   * One checkpoint of the report.
   *
   * @param epoch its epoch
   * @param position number of deterministic exits; 0 if the header cannot be read
   * @param term leadership; 0 if the header cannot be read
   * @param pagesWritten versions written with it; 0 if the header cannot be read
   * @param pagesPresent pages it has; 0 if the header cannot be read
   * @param machineStateBytes size of the machine state; 0 if the header cannot be read
   * @param restorable whether it can be restored: header and all pages are whole
   */
  public record CheckpointReport(
      long epoch,
      long position,
      long term,
      int pagesWritten,
      int pagesPresent,
      int machineStateBytes,
      boolean restorable) {}
}
