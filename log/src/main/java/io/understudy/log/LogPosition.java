package io.understudy.log;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A point between two epochs from which a reader can continue: what a checkpoint keeps. Immutable.
 *
 * @param chain what the next epoch must continue
 * @param offsets for every partition of the event topic, from 0, the Kafka offset of the first
 *     record not yet consumed; offsets are only comparable inside one topic
 */
public record LogPosition(ChainState chain, SortedMap<Integer, Long> offsets) {
  /** Refuses a map that does not name the partitions 0 to n-1 with offsets from 0. */
  public LogPosition {
    requireNonNull(chain, "chain");
    offsets = Collections.unmodifiableSortedMap(new TreeMap<>(offsets));
    int partition = 0;
    for (Map.Entry<Integer, Long> entry : offsets.entrySet()) {
      if (entry.getKey() != partition || entry.getValue() < 0) {
        throw new IllegalArgumentException(
            "a log position must name an offset for every partition: offsets=" + offsets);
      }
      partition++;
    }
    if (partition == 0) {
      throw new IllegalArgumentException("a log position must name at least one partition");
    }
  }

  /** The beginning of a run whose log has {@code partitions} partitions. */
  public static LogPosition genesis(int partitions) {
    SortedMap<Integer, Long> offsets = new TreeMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      offsets.put(partition, 0L);
    }
    return new LogPosition(ChainState.genesis(), offsets);
  }

  /** Number of partitions of the log. */
  public int partitions() {
    return offsets.size();
  }
}
