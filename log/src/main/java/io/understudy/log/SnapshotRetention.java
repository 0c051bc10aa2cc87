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
   */
  static SortedMap<Integer, Long> deletable(List<StoredSnapshot> all, int keep) {
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
}
