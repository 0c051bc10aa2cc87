package io.understudy.machine;

import io.understudy.kvm.GuestMemory;
import io.understudy.kvm.VirtualMachine;
import java.util.Arrays;
import java.util.BitSet;
import net.openhft.hashing.LongHashFunction;

/**
 * Digest of guest memory that costs only what changed: a 64-bit hash of each page, mixed with the
 * page's number, summed. Pages that KVM reports dirty, or that devices wrote, are hashed again.
 *
 * <p>The hash is XXH3 (64 bit): it finds faults, it does not resist forgery; the log's chain does.
 * Owned by the vCPU thread.
 */
final class MemoryDigest {
  static final int PAGE_SIZE = 4096;
  private static final LongHashFunction HASH = LongHashFunction.xx3();

  private final VirtualMachine vm;
  private final GuestMemory memory;
  private final DeviceMemory devices;
  private final long[] pageHashes;
  private final long[] bitmap;
  private final BitSet changed;

  /** What {@link #takeTouched} takes: unlike {@link #changed}, with pages that are as before. */
  private final BitSet touched = new BitSet();

  /** What {@link #takeUpdated} takes. */
  private final BitSet updated = new BitSet();

  private long sum;

  /** Takes {@code memory} as it is now as the start; every non-zero page counts as changed. */
  MemoryDigest(VirtualMachine vm, GuestMemory memory, DeviceMemory devices) {
    this.vm = vm;
    this.memory = memory;
    this.devices = devices;
    this.pageHashes = new long[memory.pageCount()];
    this.bitmap = new long[(memory.pageCount() + 63) / 64];
    this.changed = new BitSet(memory.pageCount());
    vm.readDirtyLog(memory, bitmap);
    devices.takeWritten();
    long zeroPage = HASH.hashBytes(new byte[PAGE_SIZE]);
    for (int page = 0; page < pageHashes.length; page++) {
      long content = hash(page);
      if (content != zeroPage) {
        changed.set(page);
      }
      pageHashes[page] = mix(content, page);
      sum += pageHashes[page];
    }
  }

  /** Digest of memory as of the last update. */
  long value() {
    return sum;
  }

  /** Digest of memory as it is now. */
  long update() {
    vm.readDirtyLog(memory, bitmap);
    for (int word = 0; word < bitmap.length; word++) {
      for (long bits = bitmap[word]; bits != 0; bits &= bits - 1) {
        rehash(word * 64 + Long.numberOfTrailingZeros(bits));
      }
    }
    devices.takeWritten().stream().forEach(this::rehash);
    return sum;
  }

  private void rehash(int page) {
    touched.set(page);
    long now = mix(hash(page), page);
    if (now != pageHashes[page]) {
      sum += now - pageHashes[page];
      pageHashes[page] = now;
      changed.set(page);
      updated.set(page);
    }
  }

  /**
   * Pages whose content differs, or has differed in between, from when this was last called; the
   * set starts anew.
   */
  BitSet takeChanged() {
    update();
    BitSet taken = (BitSet) changed.clone();
    changed.clear();
    return taken;
  }

  /** What {@link #takeChanged} takes, as of the last update. */
  BitSet takeChangedAsOfUpdate() {
    BitSet taken = (BitSet) changed.clone();
    changed.clear();
    return taken;
  }

  /**
   * Pages that were written between the last update and the one before which this was last called,
   * whether they differ or not: what a reader beside the running guest may have seen in between.
   */
  BitSet takeTouched() {
    BitSet taken = (BitSet) touched.clone();
    touched.clear();
    return taken;
  }

  /** Pages that differed in an update since this was last called, or at first since the start. */
  BitSet takeUpdated() {
    BitSet taken = (BitSet) updated.clone();
    updated.clear();
    return taken;
  }

  /** Pages that were not zero at the start. */
  BitSet nonZeroPages() {
    return (BitSet) changed.clone();
  }

  /** Hashes of all pages, by page number, for finding the pages in which two machines differ. */
  long[] pageHashes() {
    return Arrays.copyOf(pageHashes, pageHashes.length);
  }

  private long hash(int page) {
    return HASH.hashMemory(memory.hostAddress() + (long) page * PAGE_SIZE, PAGE_SIZE);
  }

  /** Two equal pages that change places must change the sum: SplitMix64's finalizer over both. */
  private static long mix(long hash, int page) {
    long z = hash + (page + 1) * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
