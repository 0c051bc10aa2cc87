package io.understudy.replay.checkpoint;

import io.understudy.replay.checkpoint.RocksDatabase.Family;
import io.understudy.replay.checkpoint.StoreReport.CheckpointReport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * Walks over a whole store once and compares everything with its checksums.
 *
 * <p>Used by one call, under the lock of the store.
 */
final class StoreVerification {

  /** What is counted for one checkpoint while the versions pass by. */
  private static final class Tally {
    private final long epoch;
    private final StoredCheckpoint stored;
    private int present;
    private long sum;
    private boolean pagesSound = true;
    private Version candidate;

    Tally(long epoch, StoredCheckpoint stored) {
      this.epoch = epoch;
      this.stored = stored;
    }
  }

  /** A version of the page that is passing by. */
  private static final class Version {
    private final long checksum;
    private final boolean sound;
    private boolean needed;

    Version(long checksum, boolean sound) {
      this.checksum = checksum;
      this.sound = sound;
    }
  }

  private final RocksDatabase database;
  private final StoreIdentity identity;
  private final PageReader reader;
  private final List<Tally> tallies = new ArrayList<>();
  private final List<String> damage = new ArrayList<>();
  private long versions;
  private long needed;
  private long pageBytes;

  StoreVerification(
      RocksDatabase database,
      StoreIdentity identity,
      PageChecksum checksum,
      Collection<Long> epochs,
      LongFunction<StoredCheckpoint> headers) {
    this.database = database;
    this.identity = identity;
    this.reader = new PageReader(database, checksum);
    for (long epoch : epochs) {
      StoredCheckpoint stored = null;
      try {
        stored = headers.apply(epoch);
      } catch (CheckpointDamagedException e) {
        damage.add(e.getMessage());
      }
      tallies.add(new Tally(epoch, stored));
    }
  }

  StoreReport run() {
    walkVersions();
    List<CheckpointReport> checkpoints = tallies.stream().map(this::report).toList();
    return new StoreReport(
        database.dir(),
        identity.vm(),
        identity.run(),
        StoreIdentity.LAYOUT_VERSION,
        rocksVersion(),
        checkpoints,
        versions,
        versions - needed,
        pageBytes,
        diskBytes(database.dir()),
        damage);
  }

  private void walkVersions() {
    // All checkpoints of a store have the same page size, so any sound header tells it.
    int pageSize =
        tallies.stream()
            .filter(tally -> tally.stored != null)
            .mapToInt(tally -> tally.stored.checkpoint().pageSize())
            .findFirst()
            .orElse(0);
    byte[] content = new byte[pageSize];
    List<Version> ofPage = new ArrayList<>();
    int page = -1;
    try (RocksIterator iterator = database.iterator(Family.VERSIONS)) {
      for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
        byte[] key = iterator.key();
        if (PageKey.number(key) != page) {
          finishPage(ofPage);
          page = PageKey.number(key);
        }
        long expected = ByteBuffer.wrap(iterator.value()).getLong();
        Version version = new Version(expected, isSound(key, expected, content));
        ofPage.add(version);
        tallies.stream()
            .filter(tally -> PageKey.epoch(key) <= tally.epoch)
            .forEach(tally -> tally.candidate = version);
      }
      iterator.status();
    } catch (RocksDBException e) {
      damage.add("list of pages cannot be read: " + e.getMessage());
    }
    finishPage(ofPage);
  }

  private boolean isSound(byte[] key, long expected, byte[] content) {
    versions++;
    pageBytes += content.length;
    String problem = reader.readVersion(PageKey.number(key), PageKey.epoch(key), expected, content);
    if (problem != null) {
      damage.add(problem);
    }
    return problem == null;
  }

  private void finishPage(List<Version> ofPage) {
    for (Tally tally : tallies) {
      if (tally.candidate != null) {
        tally.present++;
        tally.sum += tally.candidate.checksum;
        tally.pagesSound &= tally.candidate.sound;
        tally.candidate.needed = true;
        tally.candidate = null;
      }
    }
    needed += ofPage.stream().filter(version -> version.needed).count();
    ofPage.clear();
  }

  private CheckpointReport report(Tally tally) {
    if (tally.stored == null) {
      return new CheckpointReport(tally.epoch, 0, 0, 0, 0, 0, false);
    }
    boolean complete = true;
    try {
      PageReader.requireComplete(database.dir(), tally.stored, tally.present, tally.sum);
    } catch (CheckpointDamagedException e) {
      damage.add(e.getMessage());
      complete = false;
    }
    Checkpoint checkpoint = tally.stored.checkpoint();
    return new CheckpointReport(
        tally.epoch,
        checkpoint.position(),
        checkpoint.term(),
        tally.stored.pagesWritten(),
        tally.stored.pagesPresent(),
        checkpoint.machineState().length,
        complete && tally.pagesSound);
  }

  private String rocksVersion() {
    try {
      return StoreIdentity.rocksVersion(database);
    } catch (RocksDBException | IllegalArgumentException e) {
      damage.add("RocksDB version cannot be read: " + e.getMessage());
      return "unknown";
    }
  }

  private static long diskBytes(Path dir) {
    try (Stream<Path> files = Files.list(dir)) {
      long bytes = 0;
      for (Path file : files.toList()) {
        bytes += sizeIfThere(file);
      }
      return bytes;
    } catch (IOException e) {
      throw new CheckpointStoreException(
          "checkpoint directory cannot be read: dir=" + dir + ": " + e, e);
    }
  }

  /** RocksDB's compaction may delete a file between the listing and the look. */
  private static long sizeIfThere(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException gone) {
      return 0;
    }
  }
}
