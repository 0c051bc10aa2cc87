package io.understudy.replay.checkpoint;

/**
 * Guest memory pages that go into one checkpoint. Read by the thread that calls {@link
 * CheckpointStore#write}; the pages must not change until that call returns.
 */
public interface PageSet {

  /** Hands every page to {@code consumer}, each number once, in any order. */
  void forEach(PageConsumer consumer);

  /** How many pages {@link #forEach} hands over. */
  int count();
}
