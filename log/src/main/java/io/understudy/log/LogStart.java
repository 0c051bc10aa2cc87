package io.understudy.log;

import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * Where somebody who keeps nothing of a run begins to read it: with the run's first epoch, or,
 * where that is deleted or far away, behind a snapshot. Immutable.
 *
 * <p>The hash in a snapshot's manifest is the one that the next epoch continues, so a reader that
 * begins there verifies every epoch that it reads as one that begins with the first.
 *
 * @param snapshot behind which reading begins; null for the run's first epoch
 */
public record LogStart(StoredSnapshot snapshot) {
  /** The run's first epoch. */
  public static final LogStart BEGINNING = new LogStart(null);

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final Duration MARKER_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration MARKER_POLL = Duration.ofMillis(100);

  /**
   * As far back as can be.
   *
   * @throws LogException if there is no such log, or it cannot be looked at
   * @throws LogTruncatedException if its beginning is deleted, and there is no snapshot to begin
   *     with
   */
  public static LogStart earliest(ClusterConnection connection, VmId vm) {
    LogExtent log = LogExtent.of(connection, vm);
    return log.isWhole()
        ? BEGINNING
        : earliest(SnapshotDirectory.readAll(connection, vm, TIMEOUT), vm, log);
  }

  private static LogStart earliest(List<StoredSnapshot> snapshots, VmId vm, LogExtent log) {
    return log.earliestOf(snapshots)
        .map(LogStart::new)
        .orElseThrow(
            () ->
                truncated(
                    vm,
                    "no snapshot is left behind which it could be read: run="
                        + log.run()
                        + "; while the VM runs, take one with: understudy snapshot --vm "
                        + vm));
  }

  /**
   * As near before an epoch as can be, so that this is the first or one of the next.
   *
   * @param epoch number of an epoch, from 0
   * @throws LogException if there is no such log, or it cannot be looked at
   * @throws LogTruncatedException if there is nothing to begin with before that epoch
   */
  public static LogStart before(ClusterConnection connection, VmId vm, long epoch) {
    LogExtent log = LogExtent.of(connection, vm);
    if (epoch == 0 && log.isWhole()) {
      return BEGINNING;
    }
    List<StoredSnapshot> snapshots = SnapshotDirectory.readAll(connection, vm, TIMEOUT);
    Optional<StoredSnapshot> nearest =
        snapshots.stream()
            .filter(log::isReadableBehind)
            .filter(one -> one.manifest().epoch() < epoch)
            .max(Comparator.comparing(one -> one.manifest().epoch()));
    if (nearest.isEmpty() && !log.isWhole()) {
      long first = earliest(snapshots, vm, log).firstEpoch();
      throw truncated(vm, "it can be read from epoch " + first + " on: fromEpoch=" + epoch);
    }
    return nearest.map(LogStart::new).orElse(BEGINNING);
  }

  private static LogTruncatedException truncated(VmId vm, String what) {
    return new LogTruncatedException(
        "the beginning of the log is deleted (by --retain or understudy log trim?): vm="
            + vm
            + ": "
            + what,
        true);
  }

  /** Number of the first epoch that is read. */
  public long firstEpoch() {
    return snapshot == null ? 0 : snapshot.manifest().epoch() + 1;
  }

  /**
   * Opens the log there. A commit is acknowledged a moment before the end that readers see has
   * moved ({@link LogEnd}), so this waits where a snapshot is that new.
   *
   * @throws LogException if there is no such log
   * @throws LogTruncatedException if the log no longer holds that place, or does not reach it
   */
  public EpochReader open(ClusterConnection connection, VmId vm) {
    if (snapshot == null) {
      return EpochReader.fromStart(connection, vm);
    }
    long deadlineNanos = System.nanoTime() + MARKER_TIMEOUT.toNanos();
    for (; ; ) {
      try {
        return EpochReader.open(connection, vm, snapshot.run(), snapshot.position());
      } catch (LogTruncatedException early) {
        if (early.isCutOff() || System.nanoTime() - deadlineNanos >= 0) {
          throw early;
        }
        LockSupport.parkNanos(MARKER_POLL.toNanos());
      }
    }
  }
}
