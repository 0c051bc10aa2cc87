package io.understudy.replay.checkpoint;

import io.understudy.replay.checkpoint.RocksDatabase.Family;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * The pages of one checkpoint on their way to disk. As long as they fit one batch nothing is
 * written; beyond that, full batches go out unsynced. Those are invisible: the versions carry an
 * epoch for which no header exists, and the next open removes them.
 *
 * <p>Used by one write, under the lock of the store.
 */
final class PageStage implements PageConsumer, AutoCloseable {

  /** Carries a {@link RocksDBException} through {@link PageSet#forEach}. */
  static final class StagingFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StagingFailedException(RocksDBException cause) {
      super(cause);
    }

    RocksDBException rocks() {
      return (RocksDBException) getCause();
    }
  }

  private final RocksDatabase database;
  private final PageChecksum checksum;
  private final long epoch;
  private final int batchBytes;
  private final WriteBatch batch = new WriteBatch();

  private int[] numbers = new int[64];
  private long[] checksums = new long[64];
  private int count;
  private int flushed;

  PageStage(RocksDatabase database, PageChecksum checksum, long epoch, int batchBytes) {
    this.database = database;
    this.checksum = checksum;
    this.epoch = epoch;
    this.batchBytes = batchBytes;
  }

  @Override
  public void page(int number, byte[] content) {
    if (count == numbers.length) {
      numbers = Arrays.copyOf(numbers, count * 2);
      checksums = Arrays.copyOf(checksums, count * 2);
    }
    byte[] key = PageKey.of(number, epoch);
    numbers[count] = number;
    checksums[count] = checksum.of(number, epoch, content);
    try {
      database.put(
          batch,
          Family.VERSIONS,
          key,
          ByteBuffer.allocate(Long.BYTES).putLong(checksums[count]).array());
      database.put(batch, Family.PAGES, key, content);
      count++;
      if (batch.getDataSize() >= batchBytes) {
        flushed = count;
        database.write(batch, false);
        batch.clear();
      }
    } catch (RocksDBException e) {
      throw new StagingFailedException(e);
    }
  }

  /** Deletes what has gone out, after the caller's page set has failed half-way. */
  void undo() throws RocksDBException {
    batch.clear();
    for (int i = 0; i < flushed; i++) {
      byte[] key = PageKey.of(numbers[i], epoch);
      database.delete(batch, Family.VERSIONS, key);
      database.delete(batch, Family.PAGES, key);
    }
    database.write(batch, false);
  }

  /** What has not gone out yet; the header is added to it. */
  WriteBatch batch() {
    return batch;
  }

  int count() {
    return count;
  }

  int number(int i) {
    return numbers[i];
  }

  long checksum(int i) {
    return checksums[i];
  }

  @Override
  public void close() {
    batch.close();
  }
}
