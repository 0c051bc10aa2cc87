package io.understudy.log;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An epoch that is in the log for good: its outputs may be released. Immutable.
 *
 * @param number the epoch, from 0
 * @param term the term it was committed in, from 1
 * @param next what the next epoch continues
 * @param sizeBytes bytes of all its record values, before compression
 * @param offsets where reading goes on behind it: for each partition that this leadership has
 *     written to, the offset behind the last record there
 */
public record CommittedEpoch(
    long number, long term, ChainState next, long sizeBytes, SortedMap<Integer, Long> offsets) {
  /** Copies the map. */
  public CommittedEpoch {
    offsets = Collections.unmodifiableSortedMap(new TreeMap<>(offsets));
  }
}
