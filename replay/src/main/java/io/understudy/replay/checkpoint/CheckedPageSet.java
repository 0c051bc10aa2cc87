package io.understudy.replay.checkpoint;

import java.util.BitSet;

/**
 * A page set that keeps what {@link PageSet} promises or throws {@link IllegalArgumentException}:
 * numbers in range and each once, whole pages, as many as announced. Both stores read their input
 * through it, so that a page lost between the machine and the store cannot become a checkpoint.
 */
final class CheckedPageSet implements PageSet {

  private final Checkpoint checkpoint;
  private final PageSet pages;

  CheckedPageSet(Checkpoint checkpoint, PageSet pages) {
    this.checkpoint = checkpoint;
    this.pages = pages;
  }

  @Override
  public int count() {
    return pages.count();
  }

  @Override
  public void forEach(PageConsumer consumer) {
    BitSet seen = new BitSet(checkpoint.pageCount());
    pages.forEach(
        (number, content) -> {
          check(number, content, seen);
          consumer.page(number, content);
        });
    if (seen.cardinality() != pages.count()) {
      throw new IllegalArgumentException(
          "page set differs from its count: epoch="
              + checkpoint.epoch()
              + " count="
              + pages.count()
              + " pages="
              + seen.cardinality());
    }
  }

  private void check(int number, byte[] content, BitSet seen) {
    if (number < 0 || number >= checkpoint.pageCount()) {
      throw new IllegalArgumentException(
          "page number must be in [0, " + checkpoint.pageCount() + "): number=" + number);
    }
    if (content.length != checkpoint.pageSize()) {
      throw new IllegalArgumentException(
          "page must have "
              + checkpoint.pageSize()
              + " bytes: number="
              + number
              + " bytes="
              + content.length);
    }
    if (seen.get(number)) {
      throw new IllegalArgumentException(
          "page occurs twice in one checkpoint: epoch=" + checkpoint.epoch() + " number=" + number);
    }
    seen.set(number);
  }
}
