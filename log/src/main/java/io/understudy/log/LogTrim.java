package io.understudy.log;

import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What may be deleted of a VM's log: everything up to the newest snapshot that somebody has
 * restored and verified, and nothing beyond. Immutable.
 *
 * @param snapshot from which every reader begins afterwards
 * @param below by partition, from 0: up to which offset records are deleted
 * @param offsets how many offsets that are in all; records, and the transactions' ends
 */
public record LogTrim(StoredSnapshot snapshot, SortedMap<Integer, Long> below, long offsets) {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /**
   * Finds out what may be deleted. Deletes nothing.
   *
   * @throws TrimRefusedException why nothing may
   */
  public static LogTrim plan(ClusterConnection connection, VmId vm) {
    return plan(connection, vm, snapshot -> true);
  }

  /**
   * The same, where not every verified snapshot will do.
   *
   * @param wanted whether the log may begin with this one
   * @throws TrimRefusedException why nothing may be deleted
   */
  public static LogTrim plan(
      ClusterConnection connection, VmId vm, Predicate<StoredSnapshot> wanted) {
    LogExtent log = LogExtent.of(connection, vm);
    if (log.run() == null) {
      throw refused(vm, "the log holds no run", "nothing has to be deleted");
    }
    StoredSnapshot snapshot = newestVerified(connection, vm, log, wanted);
    SortedMap<Integer, Long> below = new TreeMap<>();
    long offsets = 0;
    for (int partition : log.beginnings().keySet()) {
      long to = snapshot.position().offsets().get(partition);
      long from = log.beginnings().get(partition);
      if (to > from) {
        below.put(partition, to);
        offsets += to - from;
      }
    }
    return new LogTrim(snapshot, below, offsets);
  }

  private static StoredSnapshot newestVerified(
      ClusterConnection connection, VmId vm, LogExtent log, Predicate<StoredSnapshot> wanted) {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.createSnapshots(vm);
    }
    try (SnapshotDirectory directory = SnapshotDirectory.open(connection, vm, TIMEOUT)) {
      StoredSnapshot newest =
          directory
              .newestComplete(log.run())
              .orElseThrow(
                  () ->
                      refused(
                          vm,
                          "there is no complete snapshot of run " + log.run(),
                          "order one with: understudy snapshot --vm " + vm));
      StoredSnapshot verified =
          directory.of(log.run()).stream()
              .filter(one -> one.verified() && one.manifest().isComplete())
              .filter(wanted)
              .reduce((before, next) -> next)
              .orElseThrow(
                  () ->
                      refused(
                          vm,
                          "nobody has restored and verified a snapshot; the newest is of epoch "
                              + newest.manifest().epoch(),
                          "start a standby without checkpoints and with --start snapshot"));
      if (!log.reaches(verified.position())) {
        throw refused(
            vm,
            "the log begins behind the newest verified snapshot, of epoch "
                + verified.manifest().epoch(),
            "nothing before it is left");
      }
      return verified;
    }
  }

  /** Deletes it, for good. */
  public void apply(ClusterConnection connection) {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.deleteEvents(snapshot.vm(), below);
    }
  }

  private static TrimRefusedException refused(VmId vm, String why, String what) {
    return new TrimRefusedException(vm, why, what);
  }
}
