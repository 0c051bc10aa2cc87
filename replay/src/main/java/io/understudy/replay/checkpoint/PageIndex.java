package io.understudy.replay.checkpoint;

import java.util.Arrays;

/**
 * Newest version of every page, in memory: 16 bytes per page of the guest. With it a write knows
 * what it supersedes without asking the disk.
 *
 * <p>Owned by the store and used under its lock.
 */
final class PageIndex {

  static final long NONE = -1;

  private long[] epochs = new long[0];
  private long[] checksums = new long[0];
  private int present;
  private long sum;

  /** Epoch of the newest version, or {@link #NONE}. */
  long epochOf(int number) {
    return number < epochs.length ? epochs[number] : NONE;
  }

  /** Checksum of the newest version; only for a page that has one. */
  long checksumOf(int number) {
    return checksums[number];
  }

  void put(int number, long epoch, long checksum) {
    if (number >= epochs.length) {
      int oldLength = epochs.length;
      int newLength = Math.max(number + 1, oldLength + oldLength / 2);
      epochs = Arrays.copyOf(epochs, newLength);
      checksums = Arrays.copyOf(checksums, newLength);
      Arrays.fill(epochs, oldLength, newLength, NONE);
    }
    if (epochs[number] == NONE) {
      present++;
    } else {
      sum -= checksums[number];
    }
    epochs[number] = epoch;
    checksums[number] = checksum;
    sum += checksum;
  }

  /** How many pages have a version. */
  int present() {
    return present;
  }

  /** Sum of the checksums of all newest versions, modulo 2^64. */
  long sum() {
    return sum;
  }
}
