package io.understudy.replay.checkpoint;

import io.understudy.replay.checkpoint.RocksDatabase.Family;
import java.nio.ByteBuffer;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;

/**
 * What the store keeps in memory, read from disk: epochs of the checkpoints, newest version of
 * every page, versions that will become garbage. Deletes on the way the versions that no checkpoint
 * can use: those of a write that did not finish, and those that pruning had no time for.
 *
 * <p>Reads keys and checksums only, no page content.
 */
final class StoreScan {

  private static final int DELETES_PER_BATCH = 8192;

  private final RocksDatabase database;
  private final TreeSet<Long> epochs = new TreeSet<>();
  private final PageIndex index = new PageIndex();
  private final SupersededVersions superseded = new SupersededVersions();
  private int unfinished;
  private int garbage;

  private StoreScan(RocksDatabase database) {
    this.database = database;
  }

  static StoreScan of(RocksDatabase database) throws RocksDBException {
    StoreScan scan = new StoreScan(database);
    scan.readEpochs();
    scan.readVersions();
    return scan;
  }

  NavigableSet<Long> epochs() {
    return epochs;
  }

  PageIndex index() {
    return index;
  }

  SupersededVersions superseded() {
    return superseded;
  }

  /** Versions of an unfinished write that were deleted. */
  int unfinished() {
    return unfinished;
  }

  /** Versions that were deleted because every kept checkpoint has a newer one. */
  int garbage() {
    return garbage;
  }

  private void readEpochs() throws RocksDBException {
    try (RocksIterator iterator = database.iterator(Family.MACHINE)) {
      for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
        epochs.add(ByteBuffer.wrap(iterator.key()).getLong());
      }
      iterator.status();
    }
  }

  private void readVersions() throws RocksDBException {
    // Without any checkpoint every version is unfinished: no epoch is negative.
    long newest = epochs.isEmpty() ? -1 : epochs.last();
    long oldest = epochs.isEmpty() ? -1 : epochs.first();
    try (RocksIterator iterator = database.iterator(Family.VERSIONS);
        WriteBatch deletes = new WriteBatch()) {
      for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
        byte[] key = iterator.key();
        int number = PageKey.number(key);
        long epoch = PageKey.epoch(key);
        if (epoch > newest) {
          unfinished++;
          delete(deletes, number, epoch);
          continue;
        }
        long previous = index.epochOf(number);
        if (previous != PageIndex.NONE && epoch <= oldest) {
          garbage++;
          delete(deletes, number, previous);
        } else if (previous != PageIndex.NONE) {
          superseded.add(epoch, number, previous);
        }
        index.put(number, epoch, ByteBuffer.wrap(iterator.value()).getLong());
      }
      iterator.status();
      database.write(deletes, true);
    }
  }

  private void delete(WriteBatch deletes, int number, long epoch) throws RocksDBException {
    byte[] key = PageKey.of(number, epoch);
    database.delete(deletes, Family.VERSIONS, key);
    database.delete(deletes, Family.PAGES, key);
    if (deletes.count() >= DELETES_PER_BATCH) {
      database.write(deletes, false);
      deletes.clear();
    }
  }
}
