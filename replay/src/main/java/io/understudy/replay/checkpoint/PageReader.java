package io.understudy.replay.checkpoint;

import io.understudy.replay.checkpoint.RocksDatabase.Family;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * Reads the pages of one checkpoint: first which version of each page it has, checked as a whole
 * against its header, then the content of each, checked on its own.
 *
 * <p>Used by one call, under the lock of the store.
 */
final class PageReader {

  private final RocksDatabase database;
  private final PageChecksum checksum;

  PageReader(RocksDatabase database, PageChecksum checksum) {
    this.database = database;
    this.checksum = checksum;
  }

  void read(StoredCheckpoint stored, PageConsumer into) {
    Checkpoint checkpoint = stored.checkpoint();
    PageIndex versions = versionsAt(checkpoint.epoch());
    requireComplete(database.dir(), stored, versions.present(), versions.sum());
    byte[] content = new byte[checkpoint.pageSize()];
    for (int number = 0; number < checkpoint.pageCount(); number++) {
      long epoch = versions.epochOf(number);
      if (epoch != PageIndex.NONE) {
        String damage = readVersion(number, epoch, versions.checksumOf(number), content);
        if (damage != null) {
          throw new CheckpointDamagedException(database.dir(), checkpoint.epoch(), damage, null);
        }
        into.page(number, content);
      }
    }
  }

  /** Refuses a checkpoint of which a version is missing, or hidden by one that is too old. */
  static void requireComplete(Path dir, StoredCheckpoint stored, int present, long sum) {
    if (present != stored.pagesPresent() || sum != stored.checksumSum()) {
      throw new CheckpointDamagedException(
          dir,
          stored.checkpoint().epoch(),
          "pages are missing or of another epoch: count expected=%d actual=%d; checksum sum expected=0x%016x actual=0x%016x"
              .formatted(stored.pagesPresent(), present, stored.checksumSum(), sum),
          null);
    }
  }

  /**
   * Reads one version into {@code content}, which has the size of a page.
   *
   * @return what is wrong with it, or null
   */
  String readVersion(int number, long epoch, long expected, byte[] content) {
    String version = "page number=" + number + " version=" + epoch + ": ";
    int length;
    try {
      length = database.get(Family.PAGES, PageKey.of(number, epoch), content);
    } catch (RocksDBException e) {
      return version + e.getMessage();
    }
    if (length != content.length) {
      return version + "bytes expected=" + content.length + " actual=" + length;
    }
    long actual = checksum.of(number, epoch, content);
    return actual == expected
        ? null
        : version + "checksum expected=0x%016x actual=0x%016x".formatted(expected, actual);
  }

  private PageIndex versionsAt(long checkpointEpoch) {
    PageIndex versions = new PageIndex();
    try (RocksIterator iterator = database.iterator(Family.VERSIONS)) {
      for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
        byte[] key = iterator.key();
        if (PageKey.epoch(key) <= checkpointEpoch) {
          // Versions of a page come in ascending order, so the last one stays.
          long sum = ByteBuffer.wrap(iterator.value()).getLong();
          versions.put(PageKey.number(key), PageKey.epoch(key), sum);
        }
      }
      iterator.status();
      return versions;
    } catch (RocksDBException e) {
      throw new CheckpointDamagedException(
          database.dir(), checkpointEpoch, "list of pages cannot be read: " + e.getMessage(), e);
    }
  }
}
