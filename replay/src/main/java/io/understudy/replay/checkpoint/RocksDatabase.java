package io.understudy.replay.checkpoint;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * One open RocksDB with the column families of the store, and all native objects that belong to it.
 * Turns {@link RocksDBException} into the exceptions of this package.
 *
 * <p>Not thread-safe and without protection against use after close: {@link RocksCheckpointStore}
 * guards both. Iterators and batches belong to the caller, who closes them before this.
 *
 * <p>The write-ahead log stays on, so that all column families come back to the same batch after a
 * crash without atomic flush (RocksDB wiki, pages "Write Ahead Log" and "Atomic flush").
 */
final class RocksDatabase implements AutoCloseable {

  /** Column families; DEFAULT must exist in every RocksDB and stays empty. */
  enum Family {
    DEFAULT,
    /** Identity and layout version of the store. */
    META,
    /** Checkpoint headers with machine state, by epoch. */
    MACHINE,
    /** Checksum of every page version, by {@link PageKey}: small, so it can be scanned often. */
    VERSIONS,
    /** Content of every page version, by {@link PageKey}. */
    PAGES;

    String columnFamilyName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final long MEBI = 1024 * 1024;

  private final Path dir;
  private final NativeResources resources;
  private final RocksDB db;
  private final Map<Family, ColumnFamilyHandle> handles;
  private final ReadOptions read;
  private final WriteOptions synced;
  private final WriteOptions unsynced;

  private RocksDatabase(
      Path dir, NativeResources resources, RocksDB db, Map<Family, ColumnFamilyHandle> handles) {
    this.dir = dir;
    this.resources = resources;
    this.db = db;
    this.handles = handles;
    this.synced = resources.own(new WriteOptions().setSync(true));
    this.unsynced = resources.own(new WriteOptions().setSync(false));
    this.read = resources.own(new ReadOptions().setVerifyChecksums(true).setFillCache(false));
  }

  /**
   * Opens or creates the database. Column families of a newer layout are opened too, so that the
   * caller can read the layout version and refuse with that.
   *
   * @throws CheckpointStoreException if another process has it open
   * @throws CheckpointDamagedException if RocksDB cannot make sense of the files
   */
  static RocksDatabase open(Path dir) {
    loadLibrary();
    NativeResources resources = new NativeResources();
    try {
      DBOptions options = resources.own(databaseOptions());
      List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
      for (String name : familyNames(dir)) {
        ColumnFamilyOptions familyOptions = resources.own(familyOptions(name));
        descriptors.add(
            new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8), familyOptions));
      }
      List<ColumnFamilyHandle> opened = new ArrayList<>();
      RocksDB db = resources.own(RocksDB.open(options, dir.toString(), descriptors, opened));
      Map<Family, ColumnFamilyHandle> handles = new LinkedHashMap<>();
      for (int i = 0; i < opened.size(); i++) {
        resources.own(opened.get(i));
        // The families of this layout come first and in the order of the enum.
        if (i < Family.values().length) {
          handles.put(Family.values()[i], opened.get(i));
        }
      }
      return new RocksDatabase(dir, resources, db, handles);
    } catch (RocksDBException e) {
      resources.close();
      throw openFailure(dir, e);
    }
  }

  /**
   * Column families that are in the directory, in the order of the file; empty when there is no
   * database or its list cannot be read, in which case {@link #open} says why.
   */
  static List<String> existingFamilies(Path dir) {
    try (Options options = new Options()) {
      return RocksDB.listColumnFamilies(options, dir.toString()).stream()
          .map(name -> new String(name, StandardCharsets.UTF_8))
          .toList();
    } catch (RocksDBException e) {
      // Not hidden: the open that follows meets the same fault, after it has taken the lock.
      return List.of();
    }
  }

  static void loadLibrary() {
    try {
      RocksDB.loadLibrary();
    } catch (UnsatisfiedLinkError | RuntimeException e) {
      throw new CheckpointStoreException(
          "RocksDB library cannot be loaded from "
              + System.getProperty("java.io.tmpdir")
              + ": if that directory forbids execution, set ROCKSDB_SHAREDLIB_DIR to one that"
              + " allows it",
          e);
    }
  }

  private static List<String> familyNames(Path dir) {
    List<String> names = new ArrayList<>();
    for (Family family : Family.values()) {
      names.add(family.columnFamilyName());
    }
    for (String existing : existingFamilies(dir)) {
      if (!names.contains(existing)) {
        names.add(existing);
      }
    }
    return names;
  }

  private static DBOptions databaseOptions() {
    return new DBOptions()
        .setCreateIfMissing(true)
        .setCreateMissingColumnFamilies(true)
        .setParanoidChecks(true)
        .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
        // Without a bound the rarely written families would hold back the log of all the pages.
        .setMaxTotalWalSize(128 * MEBI)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setKeepLogFileNum(2)
        .setMaxBackgroundJobs(2);
  }

  private static ColumnFamilyOptions familyOptions(String name) {
    ColumnFamilyOptions options =
        new ColumnFamilyOptions().setCompressionType(CompressionType.LZ4_COMPRESSION);
    // Pages stay in the tables: RocksDB's blob files, made for values of this size, took twice the
    // time to restore and as much disk, because pages are overwritten in place all the time and
    // blob garbage waits for compactions that small keys rarely cause (measured with 10.1.3).
    return name.equals(Family.PAGES.columnFamilyName())
        ? options.setWriteBufferSize(32 * MEBI)
        : options.setWriteBufferSize(4 * MEBI);
  }

  Path dir() {
    return dir;
  }

  /** Value of a key, or null. */
  byte[] get(Family family, byte[] key) throws RocksDBException {
    return db.get(handles.get(family), read, key);
  }

  /**
   * Reads a value into {@code into}; returns its length, which may be larger than the buffer, or -1
   * when the key does not exist.
   */
  int get(Family family, byte[] key, byte[] into) throws RocksDBException {
    int length = db.get(handles.get(family), read, key, into);
    return length == RocksDB.NOT_FOUND ? -1 : length;
  }

  /** The caller closes it before this database and asks it for its status at the end. */
  RocksIterator iterator(Family family) {
    return db.newIterator(handles.get(family), read);
  }

  boolean isEmpty(Family family) throws RocksDBException {
    try (RocksIterator iterator = iterator(family)) {
      iterator.seekToFirst();
      boolean empty = !iterator.isValid();
      iterator.status();
      return empty;
    }
  }

  void put(WriteBatch batch, Family family, byte[] key, byte[] value) throws RocksDBException {
    batch.put(handles.get(family), key, value);
  }

  void delete(WriteBatch batch, Family family, byte[] key) throws RocksDBException {
    batch.delete(handles.get(family), key);
  }

  /** Applies the batch as a whole; with {@code sync} it is on disk when this returns. */
  void write(WriteBatch batch, boolean sync) throws RocksDBException {
    db.write(sync ? synced : unsynced, batch);
  }

  @Override
  public void close() {
    resources.close();
  }

  private static CheckpointStoreException openFailure(Path dir, RocksDBException e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("lock") && message.contains(dir.resolve("LOCK").toString())) {
      return new CheckpointStoreException(
          "checkpoint store is in use: dir="
              + dir
              + ": stop the other process or give this one its own directory; do not delete the"
              + " LOCK file ("
              + message
              + ")",
          e);
    }
    if (isDamage(e)) {
      return new CheckpointDamagedException(dir, "RocksDB cannot open it: " + message, e);
    }
    return new CheckpointStoreException(
        "checkpoint store cannot be opened: dir=" + dir + ": " + message, e);
  }

  /** Whether this failure means that files are missing or have wrong content. */
  static boolean isDamage(RocksDBException e) {
    Status status = e.getStatus();
    return status == null
        || Arrays.asList(Status.Code.Corruption, Status.Code.NotFound, Status.Code.InvalidArgument)
            .contains(status.getCode())
        || String.valueOf(e.getMessage()).contains("No such file");
  }
}
