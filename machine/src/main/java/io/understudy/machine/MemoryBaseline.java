package io.understudy.machine;

import io.understudy.kvm.GuestMemory;
import java.util.BitSet;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Guest memory as it was at the last <em>common place</em>: an epoch's mark, or a place where the
 * state was transferred. There every execution of the run has the same content, so that what has
 * changed since can be said by the bytes that differ.
 *
 * <p>Costs as much memory as the guest has touched. Owned by the vCPU thread.
 */
final class MemoryBaseline {
  private final DeviceMemory memory;
  private final GuestMemory content;
  private final MemoryDigest digest;
  private final BitSet changed = new BitSet();
  private final byte[] page = new byte[Machine.PAGE_SIZE];

  /**
   * Takes memory as it is now as the common place.
   *
   * @param content zero, of the guest's size; belongs to this class from here on
   */
  MemoryBaseline(DeviceMemory memory, GuestMemory content, MemoryDigest digest) {
    this.memory = memory;
    this.content = content;
    this.digest = digest;
    changed.or(digest.nonZeroPages());
    advance();
  }

  /** Pages that may differ from the common place. */
  BitSet changedPages() {
    digest.update();
    changed.or(digest.takeUpdated());
    return changed;
  }

  /**
   * Makes memory as it is now the common place.
   *
   * @return its digest
   */
  long advance() {
    changedPages().stream()
        .forEach(
            number -> {
              memory.read(addressOf(number), page, 0, page.length);
              content.write(addressOf(number), page, 0, page.length);
            });
    changed.clear();
    return digest.value();
  }

  /** Copies a page as it was at the common place. */
  void read(int number, byte[] target) {
    content.read(addressOf(number), target, 0, Machine.PAGE_SIZE);
  }

  /** Makes memory what it was at the common place. */
  void revert() {
    revert(new TreeMap<>());
  }

  private void revert(SortedMap<Integer, byte[]> exceptions) {
    BitSet pages = (BitSet) changedPages().clone();
    pages.stream()
        .forEach(
            number -> {
              byte[] before = exceptions.get(number);
              if (before == null) {
                read(number, page);
                before = page;
              }
              memory.write(addressOf(number), before, 0, before.length);
            });
  }

  /** Memory as it is now, to come back to before the next common place. */
  Savepoint save() {
    SortedMap<Integer, byte[]> pages = new TreeMap<>();
    changedPages().stream()
        .forEach(
            number -> {
              byte[] copy = new byte[Machine.PAGE_SIZE];
              memory.read(addressOf(number), copy, 0, copy.length);
              pages.put(number, copy);
            });
    return () -> revert(pages);
  }

  /** A content of memory between two common places. */
  interface Savepoint {
    /** Makes memory what it was. */
    void restore();
  }

  private static long addressOf(int number) {
    return (long) number * Machine.PAGE_SIZE;
  }
}
