package io.understudy.replay.checkpoint;

import io.understudy.replay.checkpoint.RocksDatabase.Family;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * Whose checkpoints a directory holds, and the checks that keep a store from being opened, or
 * silently created, where it does not belong.
 *
 * @param vm the virtual machine
 * @param run the run of that machine
 */
record StoreIdentity(VmId vm, UUID run) {

  static final int LAYOUT_VERSION = 1;

  static final byte[] LAYOUT_KEY = "layoutVersion".getBytes(StandardCharsets.UTF_8);
  private static final byte[] VM_KEY = "vm".getBytes(StandardCharsets.UTF_8);
  private static final byte[] RUN_KEY = "run".getBytes(StandardCharsets.UTF_8);
  private static final byte[] ROCKSDB_KEY = "rocksdbVersion".getBytes(StandardCharsets.UTF_8);

  /** Makes the directory if it does not exist. */
  static void prepareDirectory(Path dir) {
    try {
      boolean created = !Files.exists(dir);
      Files.createDirectories(dir);
      Path parent = dir.toAbsolutePath().getParent();
      if (created && parent != null) {
        // RocksDB syncs its own directory but not the entry that names it.
        try (FileChannel channel = FileChannel.open(parent, StandardOpenOption.READ)) {
          channel.force(true);
        }
      }
    } catch (IOException e) {
      throw new CheckpointStoreException(
          "checkpoint directory cannot be created: dir=" + dir + ": " + e, e);
    }
  }

  /**
   * Whether the directory holds a database.
   *
   * @throws CheckpointDamagedException if it holds data but not the file that names its parts:
   *     RocksDB would take it for empty and delete that data
   * @throws CheckpointStoreException if it holds something else
   */
  static boolean databaseExists(Path dir) {
    if (Files.exists(dir.resolve("CURRENT"))) {
      return true;
    }
    try (Stream<Path> files = Files.list(dir)) {
      for (Path file : files.toList()) {
        String name = String.valueOf(file.getFileName());
        boolean holdsData = name.endsWith(".sst");
        if (holdsData || (name.matches("\\d+\\.log") && Files.size(file) > 0)) {
          throw new CheckpointDamagedException(dir, "file CURRENT is missing", null);
        }
        // What RocksDB leaves behind when it is killed while it makes a database.
        if (!name.matches("LOCK|LOG.*|IDENTITY|(MANIFEST|OPTIONS)-.*|.*\\.dbtmp|\\d+\\.log")) {
          throw new CheckpointStoreException(
              "directory is not empty and not a checkpoint store: dir="
                  + dir
                  + " file="
                  + name
                  + ": give an empty directory");
        }
      }
      return false;
    } catch (IOException e) {
      throw new CheckpointStoreException(
          "checkpoint directory cannot be read: dir=" + dir + ": " + e, e);
    }
  }

  /**
   * Refuses a RocksDB that belongs to some other program before a column family is added to it. A
   * database with nothing but the default one may be ours, killed while it was made.
   */
  static void refuseForeignDatabase(Path dir) {
    List<String> families = RocksDatabase.existingFamilies(dir);
    if (families.size() > 1 && !families.contains(Family.META.columnFamilyName())) {
      throw notAStore(dir, "column families " + families);
    }
  }

  private static CheckpointStoreException notAStore(Path dir, String found) {
    return new CheckpointStoreException(
        "RocksDB is not a checkpoint store: dir="
            + dir
            + ": found "
            + found
            + ": give an empty directory");
  }

  /** The identity that the database carries; empty when it is new. */
  static Optional<StoreIdentity> read(RocksDatabase database) {
    Path dir = database.dir();
    try {
      byte[] layout = database.get(Family.META, LAYOUT_KEY);
      if (layout == null) {
        if (!database.isEmpty(Family.DEFAULT)) {
          throw notAStore(dir, "data in the default column family");
        }
        if (!database.isEmpty(Family.MACHINE) || !database.isEmpty(Family.VERSIONS)) {
          throw new CheckpointDamagedException(dir, "identity of the store is missing", null);
        }
        return Optional.empty();
      }
      int version = ByteBuffer.wrap(layout).getInt();
      if (version > LAYOUT_VERSION) {
        throw new CheckpointStoreException(
            "checkpoint store has layout version "
                + version
                + ", this build reads 1 to "
                + LAYOUT_VERSION
                + ": dir="
                + dir
                + ": use the Understudy that wrote it, or give an empty directory");
      }
      return Optional.of(
          new StoreIdentity(
              new VmId(text(database, VM_KEY)), UUID.fromString(text(database, RUN_KEY))));
    } catch (RocksDBException | IllegalArgumentException e) {
      throw new CheckpointDamagedException(
          dir, "identity of the store cannot be read: " + e.getMessage(), e);
    }
  }

  private static String text(RocksDatabase database, byte[] key) throws RocksDBException {
    byte[] value = database.get(Family.META, key);
    if (value == null) {
      throw new IllegalArgumentException(
          "key is missing: " + new String(key, StandardCharsets.UTF_8));
    }
    return new String(value, StandardCharsets.UTF_8);
  }

  /** Version of RocksDB that made the database. */
  static String rocksVersion(RocksDatabase database) throws RocksDBException {
    return text(database, ROCKSDB_KEY);
  }

  /** Makes a new database a store of this identity. */
  void write(RocksDatabase database) {
    try (WriteBatch batch = new WriteBatch()) {
      byte[] layout = ByteBuffer.allocate(Integer.BYTES).putInt(LAYOUT_VERSION).array();
      database.put(batch, Family.META, LAYOUT_KEY, layout);
      database.put(batch, Family.META, VM_KEY, vm.text().getBytes(StandardCharsets.UTF_8));
      database.put(batch, Family.META, RUN_KEY, run.toString().getBytes(StandardCharsets.UTF_8));
      database.put(
          batch,
          Family.META,
          ROCKSDB_KEY,
          RocksDB.rocksdbVersion().toString().getBytes(StandardCharsets.UTF_8));
      database.write(batch, true);
    } catch (RocksDBException e) {
      throw new CheckpointStoreException(
          "checkpoint store cannot be created: dir=" + database.dir() + ": " + e.getMessage(), e);
    }
  }

  /** Refuses a store of another run. */
  void requireSame(StoreIdentity found, Path dir) {
    if (!equals(found)) {
      throw new CheckpointStoreException(
          "checkpoint store belongs to another run: dir="
              + dir
              + " vm expected="
              + vm
              + " actual="
              + found.vm
              + " run expected="
              + run
              + " actual="
              + found.run
              + ": give each run its own directory");
    }
  }
}
