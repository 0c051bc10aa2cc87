package io.understudy.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which snapshots are kept, and up to where the topic may be deleted therefore. Stateless. */
final class SnapshotRetention {
  private SnapshotRetention() {}

  /**
   * Up to where all records may be deleted, by partition; empty if nothing may.
   *
   * @param all all snapshots, in the order in which they were completed
   * @param keep how many of the complete ones stay, at least 1; the newest verified one stays
   *     beyond that, for the log may have been shortened up to it
   * @param log where it begins: if that is not the run's beginning, the snapshot behind which most
   *     of it can be read stays, or nobody could read that
   * @param isShortened whether it is shortened up to snapshots as they grow old: the oldest
   *     verified one behind its beginning is the next and stays, too, or those who order snapshots
   *     often would keep the log from ever becoming shorter
   */
  static SortedMap<Integer, Long> deletable(
      List<StoredSnapshot> all, int keep, LogExtent log, boolean isShortened) {
    List<StoredSnapshot> complete =
        all.stream().filter(snapshot -> snapshot.manifest().isComplete()).toList();
    SortedMap<Integer, Long> below = new TreeMap<>();
    if (complete.size() <= keep) {
      return below;
    }
    List<StoredSnapshot> kept =
        new ArrayList<>(complete.subList(complete.size() - keep, complete.size()));
    Optional<StoredSnapshot> verified =
        complete.stream().filter(StoredSnapshot::verified).reduce((before, next) -> next);
    verified.ifPresent(kept::add);
    if (!log.isWhole()) {
      log.earliestOf(complete).ifPresent(kept::add);
    }
    if (isShortened) {
      next(complete, log).ifPresent(kept::add);
    }
    for (StoredSnapshot snapshot : kept) {
      List<Long> first = snapshot.manifest().firstOffsets();
      for (int partition = 0; partition < first.size(); partition++) {
        boolean empty =
            partition != SnapshotLayout.DIRECTORY
                && first.get(partition).equals(snapshot.manifest().endOffsets().get(partition));
        if (!empty) {
          below.merge(partition, first.get(partition), Math::min);
        }
      }
    }
    below.values().removeIf(offset -> offset == 0);
    return below;
  }

  private static Optional<StoredSnapshot> next(List<StoredSnapshot> complete, LogExtent log) {
    return complete.stream()
        .filter(StoredSnapshot::verified)
        .filter(snapshot -> log.reaches(snapshot.position()))
        .filter(snapshot -> !snapshot.position().offsets().equals(log.beginnings()))
        .findFirst();
  }
}
