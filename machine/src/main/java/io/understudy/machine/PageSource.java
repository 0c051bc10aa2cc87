package io.understudy.machine;

/** Gives the pages of a machine's memory, for restoring it. */
@FunctionalInterface
public interface PageSource {
  /** Takes one page. */
  @FunctionalInterface
  interface Sink {
    /**
     * Takes it.
     *
     * @param number page number, guest-physical address / {@link Machine#PAGE_SIZE}
     * @param content {@link Machine#PAGE_SIZE} bytes, copied before this returns
     */
    void page(int number, byte[] content);
  }

  /** Hands every page that is not all zero to {@code sink}. */
  void fill(Sink sink);
}
