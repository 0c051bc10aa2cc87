package io.understudy.capture.snapshot;

import io.understudy.machine.Machine;
import io.understudy.schemas.SnapshotPart;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * Copied pages, as many as go into one piece of a snapshot.
 *
 * @param pages their numbers
 * @param contents their contents, in the same order
 */
@SuppressWarnings("ArrayRecordComponent") // A carrier; copies would cost what matters.
record PageBatch(int[] pages, byte[] contents) {
  /** Most pages in a batch. */
  static final int MAX_PAGES = SnapshotPart.MAX_PIECE_BYTES / Machine.PAGE_SIZE;

  /** Divides page numbers into batches, in ascending order. */
  static void split(BitSet pages, Consumer<int[]> batches) {
    int[] batch = new int[MAX_PAGES];
    int size = 0;
    for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
      batch[size++] = page;
      if (size == MAX_PAGES) {
        batches.accept(batch.clone());
        size = 0;
      }
    }
    if (size > 0) {
      batches.accept(Arrays.copyOf(batch, size));
    }
  }

  static PageBatch copy(ClonedMachine machine, int[] pages) {
    byte[] contents = new byte[pages.length * Machine.PAGE_SIZE];
    byte[] page = new byte[Machine.PAGE_SIZE];
    for (int at = 0; at < pages.length; at++) {
      machine.readPage(pages[at], page);
      System.arraycopy(page, 0, contents, at * Machine.PAGE_SIZE, page.length);
    }
    return new PageBatch(pages, contents);
  }

  /** Without the pages that are all zero, of those that {@code mayBeLeftOut} names. */
  PageBatch withoutZeros(IntPredicate mayBeLeftOut) {
    int[] left = new int[pages.length];
    byte[] packed = new byte[contents.length];
    int count = 0;
    for (int at = 0; at < pages.length; at++) {
      if (!mayBeLeftOut.test(pages[at]) || !isZero(at)) {
        left[count] = pages[at];
        System.arraycopy(
            contents, at * Machine.PAGE_SIZE, packed, count * Machine.PAGE_SIZE, Machine.PAGE_SIZE);
        count++;
      }
    }
    return new PageBatch(
        Arrays.copyOf(left, count), Arrays.copyOf(packed, count * Machine.PAGE_SIZE));
  }

  private boolean isZero(int at) {
    for (int index = at * Machine.PAGE_SIZE; index < (at + 1) * Machine.PAGE_SIZE; index++) {
      if (contents[index] != 0) {
        return false;
      }
    }
    return true;
  }
}
