package io.understudy.machine.disk;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import net.openhft.hashing.LongHashFunction;

/**
 * A disk whose writes are kept in memory, in blocks of 4096 bytes above a base image that is never
 * written.
 *
 * <p>Owned by the vCPU thread. A block gets into the overlay when any of it is written, whatever is
 * written, and stays. So which blocks are in the overlay follows from the guest's writes alone, and
 * together with the base image they are the complete state. The overlay can grow to the size of the
 * disk, which is its only bound: the memory for it must be there.
 *
 * <p>The {@linkplain #digest digest} covers the overlay, not the base image: the sum, over all
 * blocks in the overlay, of a 64-bit hash (XXH3) mixed with the block's number. It costs what
 * changed since it was last taken, finds faults and does not resist forgery.
 */
public final class OverlayDisk implements Disk {

  /** Bytes in a block. */
  public static final int BLOCK_BYTES = 4096;

  private static final int SECTORS_PER_BLOCK = BLOCK_BYTES / SECTOR_BYTES;

  /** Block numbers are indices of a {@link BitSet}. */
  private static final long MAX_BLOCKS = Integer.MAX_VALUE;

  /**
   * Blocks are found through a table of tables, so that an untouched disk costs next to nothing.
   */
  private static final int TABLE_SHIFT = 10;

  private static final int TABLE_BLOCKS = 1 << TABLE_SHIFT;

  private static final LongHashFunction HASH = LongHashFunction.xx3();

  private final BaseImage base;
  private final long sectors;
  private final int blockCount;
  private final Table[] tables;
  private final BitSet changed = new BitSet();
  private final BitSet unhashed = new BitSet();
  private int overlayBlockCount;
  private long sum;

  /** Consecutive blocks; an entry is null where the base image shows through. */
  private static final class Table {
    final byte[][] blocks = new byte[TABLE_BLOCKS][];

    /** What the blocks contribute to the sum; 0 for a block not hashed yet. */
    final long[] shares = new long[TABLE_BLOCKS];
  }

  /** A disk of the size of {@code base}, rounded up to whole sectors. */
  public OverlayDisk(BaseImage base) {
    this(base, (base.length() + SECTOR_BYTES - 1) / SECTOR_BYTES);
  }

  /**
   * A disk of {@code sectors} sectors: what the base image does not fill is zero at first, what is
   * longer than the disk is not seen.
   */
  public OverlayDisk(BaseImage base, long sectors) {
    this.base = Objects.requireNonNull(base, "base");
    this.sectors = sectors;
    long blocks = (sectors + SECTORS_PER_BLOCK - 1) / SECTORS_PER_BLOCK;
    if (sectors < 0 || blocks > MAX_BLOCKS) {
      throw new IllegalArgumentException(
          "disk must have at most " + MAX_BLOCKS + " blocks: sectors=" + sectors);
    }
    this.blockCount = (int) blocks;
    this.tables = new Table[(blockCount + TABLE_BLOCKS - 1) >>> TABLE_SHIFT];
  }

  @Override
  public long sectors() {
    return sectors;
  }

  /** How many blocks the disk has; the last may reach beyond its end and is zero there. */
  public int blockCount() {
    return blockCount;
  }

  /** How many blocks are in the overlay. */
  public int overlayBlockCount() {
    return overlayBlockCount;
  }

  @Override
  public void read(long sector, byte[] target, int offset, int sectorCount) {
    check(sector, target, offset, sectorCount);
    long position = sector * SECTOR_BYTES;
    int done = 0;
    int length = sectorCount * SECTOR_BYTES;
    while (done < length) {
      int within = (int) (position % BLOCK_BYTES);
      int part = Math.min(length - done, BLOCK_BYTES - within);
      byte[] block = overlayBlock((int) (position / BLOCK_BYTES));
      if (block != null) {
        System.arraycopy(block, within, target, offset + done, part);
      } else {
        part = baseStretch(position, part, length - done);
        readBase(position, target, offset + done, part);
      }
      done += part;
      position += part;
    }
  }

  /** Extends {@code part} over the following blocks that are not in the overlay either. */
  private int baseStretch(long position, int part, int limit) {
    int stretch = part;
    while (stretch < limit && overlayBlock((int) ((position + stretch) / BLOCK_BYTES)) == null) {
      stretch = Math.min(limit, stretch + BLOCK_BYTES);
    }
    return stretch;
  }

  @Override
  public void write(long sector, byte[] source, int offset, int sectorCount) {
    check(sector, source, offset, sectorCount);
    long position = sector * SECTOR_BYTES;
    int done = 0;
    int length = sectorCount * SECTOR_BYTES;
    while (done < length) {
      int within = (int) (position % BLOCK_BYTES);
      int part = Math.min(length - done, BLOCK_BYTES - within);
      writeWithin((int) (position / BLOCK_BYTES), within, source, offset + done, part);
      done += part;
      position += part;
    }
  }

  private void writeWithin(int number, int within, byte[] source, int offset, int length) {
    byte[] block = overlayBlock(number);
    if (block == null) {
      block = new byte[BLOCK_BYTES];
      if (length < BLOCK_BYTES) {
        readBase((long) number * BLOCK_BYTES, block, 0, BLOCK_BYTES);
      }
      put(number, block);
    } else if (Arrays.equals(block, within, within + length, source, offset, offset + length)) {
      return;
    }
    System.arraycopy(source, offset, block, within, length);
    markChanged(number);
  }

  /**
   * Numbers of the blocks that got into the overlay, or whose content differs or has differed in
   * between, since this was last called (at first: since the bare base image, {@linkplain
   * #loadBlock loaded} blocks included); the set starts anew.
   */
  public BitSet takeChangedBlocks() {
    BitSet taken = (BitSet) changed.clone();
    changed.clear();
    return taken;
  }

  /** Numbers of the blocks that are in the overlay. */
  public BitSet overlayBlocks() {
    BitSet present = new BitSet(blockCount);
    for (int index = 0; index < tables.length; index++) {
      for (int within = 0; tables[index] != null && within < TABLE_BLOCKS; within++) {
        if (tables[index].blocks[within] != null) {
          present.set((index << TABLE_SHIFT) + within);
        }
      }
    }
    return present;
  }

  /** Whether a block is in the overlay. */
  public boolean isInOverlay(int number) {
    Objects.checkIndex(number, blockCount);
    return overlayBlock(number) != null;
  }

  /** Copies a block, from the overlay or the base image, to the start of {@code target}. */
  public void readBlock(int number, byte[] target) {
    Objects.checkIndex(number, blockCount);
    byte[] block = overlayBlock(number);
    if (block != null) {
      System.arraycopy(block, 0, target, 0, BLOCK_BYTES);
    } else {
      readBase((long) number * BLOCK_BYTES, target, 0, BLOCK_BYTES);
    }
  }

  /** Puts the first 4096 bytes of {@code content} into the overlay: restores a saved block. */
  public void loadBlock(int number, byte[] content) {
    Objects.checkIndex(number, blockCount);
    byte[] block = overlayBlock(number);
    if (block == null) {
      block = new byte[BLOCK_BYTES];
      put(number, block);
    }
    System.arraycopy(content, 0, block, 0, BLOCK_BYTES);
    markChanged(number);
  }

  /** Digest of the overlay as it is now; 0 while it is empty. */
  public long digest() {
    for (int number = unhashed.nextSetBit(0);
        number >= 0;
        number = unhashed.nextSetBit(number + 1)) {
      Table table = tables[number >>> TABLE_SHIFT];
      int index = number & (TABLE_BLOCKS - 1);
      long share = mix(HASH.hashBytes(table.blocks[index]), number);
      sum += share - table.shares[index];
      table.shares[index] = share;
    }
    unhashed.clear();
    return sum;
  }

  private byte[] overlayBlock(int number) {
    Table table = tables[number >>> TABLE_SHIFT];
    return table == null ? null : table.blocks[number & (TABLE_BLOCKS - 1)];
  }

  private void put(int number, byte[] block) {
    Table table = tables[number >>> TABLE_SHIFT];
    if (table == null) {
      table = new Table();
      tables[number >>> TABLE_SHIFT] = table;
    }
    table.blocks[number & (TABLE_BLOCKS - 1)] = block;
    overlayBlockCount++;
  }

  private void markChanged(int number) {
    changed.set(number);
    unhashed.set(number);
  }

  /** Reads from the base image, with zeros behind its end and behind the disk's. */
  private void readBase(long position, byte[] target, int offset, int length) {
    long end = Math.min(base.length(), sectors * SECTOR_BYTES);
    int there = (int) Math.max(0, Math.min(length, end - position));
    if (there > 0) {
      base.read(position, target, offset, there);
    }
    Arrays.fill(target, offset + there, offset + length, (byte) 0);
  }

  private void check(long sector, byte[] array, int offset, int sectorCount) {
    if (sectorCount < 0 || sector < 0 || sector > sectors || sectorCount > sectors - sector) {
      throw new IndexOutOfBoundsException(
          "outside of the disk: sector="
              + sector
              + " sectorCount="
              + sectorCount
              + " sectors="
              + sectors);
    }
    Objects.checkFromIndexSize(
        (long) offset, (long) sectorCount * SECTOR_BYTES, (long) array.length);
  }

  /** Two equal blocks that change places must change the sum: SplitMix64's finalizer over both. */
  private static long mix(long hash, int number) {
    long z = hash + (number + 1) * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
