package io.understudy.log;

import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.UUID;
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
    if (log.isWhole()) {
      return BEGINNING;
    }
    return usable(connection, vm, log, Long.MAX_VALUE, Comparator.reverseOrder())
        .map(LogStart::new)
        .orElseThrow(() -> nowhere(vm, log.run(), "no snapshot is left from which to go on"));
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
    Optional<LogStart> near =
        usable(connection, vm, log, epoch, Comparator.naturalOrder()).map(LogStart::new);
    if (near.isEmpty() && !log.isWhole()) {
      throw nowhere(
          vm,
          log.run(),
          "no snapshot is left of an epoch before "
              + epoch
              + ", the first that can be read is "
              + earliest(connection, vm).firstEpoch());
    }
    return near.orElse(BEGINNING);
  }

  /** The greatest by {@code byEpoch} of those that can be loaded and whose next epoch is there. */
  private static Optional<StoredSnapshot> usable(
      ClusterConnection connection,
      VmId vm,
      LogExtent log,
      long beforeEpoch,
      Comparator<Long> byEpoch) {
    try (SnapshotDirectory directory = SnapshotDirectory.open(connection, vm, TIMEOUT)) {
      return directory.of(log.run()).stream()
          .filter(one -> one.manifest().isComplete() && log.reaches(one.position()))
          .filter(one -> one.manifest().epoch() < beforeEpoch)
          .max(Comparator.comparing(one -> one.manifest().epoch(), byEpoch));
    }
  }

  private static LogTruncatedException nowhere(VmId vm, UUID run, String why) {
    return new LogTruncatedException(
        "the beginning of the log is deleted (by --retain or understudy log trim?), and "
            + why
            + ": vm="
            + vm
            + " run="
            + run
            + "; while the VM runs, take one with: understudy snapshot --vm "
            + vm,
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
