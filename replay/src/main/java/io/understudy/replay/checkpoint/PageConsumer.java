package io.understudy.replay.checkpoint;

/** Takes guest memory pages one by one. Called by the thread that iterates, never later. */
@FunctionalInterface
public interface PageConsumer {

  /**
   * Takes one page.
   *
   * @param number guest-physical address divided by the page size
   * @param content exactly one page; the buffer is reused for the next page, so copy what you keep
   */
  void page(int number, byte[] content);
}
