package io.understudy.log;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Up to where the log was committed at some instant: for every partition, from 0, the offset that
 * readers may read below (Kafka's last stable offset).
 *
 * <p>Only after a fence is it exact. Kafka acknowledges a commit when the coordinator has stored
 * the decision, and writes the marker that moves the last stable offset a moment later; so an epoch
 * that was acknowledged just now may not be below this end yet. A fence waits for those markers,
 * and nobody but the fencer can commit after it. Immutable.
 *
 * @param offsets last stable offset by partition
 */
public record LogEnd(SortedMap<Integer, Long> offsets) {
  /** Copies the map. */
  public LogEnd {
    offsets = Collections.unmodifiableSortedMap(new TreeMap<>(offsets));
  }
}
