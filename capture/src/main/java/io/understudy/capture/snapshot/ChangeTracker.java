package io.understudy.capture.snapshot;

import java.util.BitSet;

/**
 * In which epoch each page changed last, as far as this leadership saw it. Costs eight bytes for
 * each page. Owned by the vCPU thread.
 */
final class ChangeTracker {
  private final long[] lastChange;
  private final long from;

  /**
   * Nothing has changed yet.
   *
   * @param pageCount pages there are
   * @param from the epoch at whose end that is so
   */
  ChangeTracker(int pageCount, long from) {
    this.lastChange = new long[pageCount];
    this.from = from;
  }

  /** These pages have changed between the end of the epoch before and that of {@code epoch}. */
  void changed(BitSet pages, long epoch) {
    for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
      lastChange[page] = epoch;
    }
  }

  /** Whether all changes since the end of {@code epoch} are known. */
  boolean knowsSince(long epoch) {
    return epoch >= from;
  }

  /** Pages that have changed since the end of {@code epoch}. */
  BitSet since(long epoch) {
    BitSet pages = new BitSet();
    for (int page = 0; page < lastChange.length; page++) {
      if (lastChange[page] > epoch) {
        pages.set(page);
      }
    }
    return pages;
  }
}
