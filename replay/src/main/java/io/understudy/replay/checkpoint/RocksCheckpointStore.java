package io.understudy.replay.checkpoint;

import io.understudy.replay.checkpoint.CheckpointCodec.DamagedBytesException;
import io.understudy.replay.checkpoint.PageStage.StagingFailedException;
import io.understudy.replay.checkpoint.RocksDatabase.Family;
import io.understudy.schemas.VmId;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checkpoints in a RocksDB of their own, one directory for each run and replica.
 *
 * <p>Every version of a page is stored under (page, epoch), so the kept checkpoints share what has
 * not changed. A checkpoint exists from the moment its header is on disk: header, pages and pruning
 * go out in one synced batch; a checkpoint larger than {@link StoreOptions#batchBytes()} sends full
 * batches ahead, which nobody can see until the synced batch with the header. A header carries the
 * number of its pages and the sum of their checksums, so a page that is missing or too old is found
 * as surely as one that is torn.
 *
 * <p>Pruning: the write that makes a checkpoint the oldest kept one also deletes the versions that
 * this one supersedes, at most twice as many as it writes pages (but {@value
 * #MINIMUM_DELETES_PER_WRITE} always), the rest with later writes or at the next open.
 *
 * <p>Memory: 16 bytes for each page of the guest and 12 for each superseded version still kept.
 *
 * <p>Thread rule: see {@link CheckpointStore}. A write takes milliseconds (a disk sync), so the
 * owner is a thread that may wait, not the vCPU thread.
 */
public final class RocksCheckpointStore implements CheckpointStore {

  private static final Logger LOG = LoggerFactory.getLogger(RocksCheckpointStore.class);

  private static final int MINIMUM_DELETES_PER_WRITE = 4096;

  /** Not re-entrant on purpose: see {@link #enter}. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Path dir;
  private final RocksDatabase database;
  private final StoreIdentity identity;
  private final StoreOptions options;
  private final PageChecksum checksum;

  private NavigableSet<Long> epochs;
  private PageIndex index;
  private SupersededVersions superseded;
  private boolean open = true;

  /** Why memory may differ from disk, so that nothing but close is left; or null. */
  private RuntimeException failure;

  private RocksCheckpointStore(
      RocksDatabase database, StoreIdentity identity, StoreOptions options) {
    this.dir = database.dir();
    this.database = database;
    this.identity = identity;
    this.options = options;
    this.checksum = new PageChecksum(identity.run());
    load();
  }

  /**
   * Opens the store of a run and makes it if the directory is empty or missing.
   *
   * @throws CheckpointStoreException if it belongs to another VM or run, was written by a newer
   *     layout, is in use by another process, or is not a checkpoint store
   * @throws CheckpointDamagedException if its files are damaged so that nothing can be read
   */
  public static RocksCheckpointStore open(Path dir, VmId vm, UUID run, StoreOptions options) {
    StoreIdentity wanted = new StoreIdentity(vm, run);
    StoreIdentity.prepareDirectory(dir);
    return open(dir, Optional.of(wanted), options);
  }

  /**
   * Opens a store for inspection, whoever's it is.
   *
   * @throws CheckpointStoreException as {@link #open}, and if there is no store in this directory
   */
  public static RocksCheckpointStore openExisting(Path dir) {
    return open(dir, Optional.empty(), StoreOptions.DEFAULT);
  }

  private static RocksCheckpointStore open(
      Path dir, Optional<StoreIdentity> wanted, StoreOptions options) {
    RocksDatabase.loadLibrary();
    boolean exists = StoreIdentity.databaseExists(dir);
    if (exists) {
      StoreIdentity.refuseForeignDatabase(dir);
    } else if (wanted.isEmpty()) {
      throw new CheckpointStoreException("no checkpoint store in this directory: dir=" + dir);
    }
    RocksDatabase database = RocksDatabase.open(dir);
    try {
      Optional<StoreIdentity> found = StoreIdentity.read(database);
      StoreIdentity identity =
          found
              .or(() -> wanted)
              .orElseThrow(
                  () ->
                      new CheckpointStoreException(
                          "checkpoint store in this directory was never finished: dir=" + dir));
      if (found.isEmpty()) {
        identity.write(database);
      }
      wanted.ifPresent(mine -> mine.requireSame(identity, dir));
      return new RocksCheckpointStore(database, identity, options);
    } catch (RuntimeException | Error e) {
      closeAfter(e, database);
      throw e;
    }
  }

  private static void closeAfter(Throwable first, RocksDatabase database) {
    try {
      database.close();
    } catch (CheckpointStoreException e) {
      first.addSuppressed(e);
    }
  }

  /** The virtual machine whose checkpoints these are. */
  public VmId vm() {
    return identity.vm();
  }

  /** The run whose checkpoints these are. */
  public UUID run() {
    return identity.run();
  }

  @Override
  public void write(Checkpoint checkpoint, PageSet pages) {
    enter();
    try (PageStage stage =
        new PageStage(database, checksum, checkpoint.epoch(), options.batchBytes())) {
      requireWritable(checkpoint);
      byte[] header = stage(stage, checkpoint, new CheckedPageSet(checkpoint, pages));
      commit(checkpoint.epoch(), header, stage);
    } finally {
      lock.unlock();
    }
  }

  private void requireWritable(Checkpoint checkpoint) {
    WriteRules.requireRun(checkpoint, identity.vm(), identity.run());
    if (epochs.isEmpty()) {
      return;
    }
    // Also refuses to build on a newest checkpoint that is damaged: its damage would be inherited.
    StoredCheckpoint newest = readHeader(epochs.last());
    requireIndexOf(newest);
    WriteRules.requireSuccessor(checkpoint, newest.checkpoint());
  }

  /** Puts the pages into the stage and makes the header that will make them valid. */
  private byte[] stage(PageStage stage, Checkpoint checkpoint, PageSet pages) {
    boolean complete = false;
    try {
      pages.forEach(stage);
      byte[] header = header(checkpoint, stage);
      complete = true;
      return header;
    } catch (StagingFailedException e) {
      throw fail("pages cannot be written", e.rocks());
    } finally {
      if (!complete && failure == null) {
        undo(stage);
      }
    }
  }

  private void undo(PageStage stage) {
    try {
      stage.undo();
    } catch (RocksDBException e) {
      // Not thrown: the failure of the page set is on its way out and matters more. The next call
      // refuses with this one.
      LOG.warn("{}", fail("staged pages cannot be removed", e).getMessage());
    }
  }

  private byte[] header(Checkpoint checkpoint, PageStage stage) {
    int present = index.present();
    long sum = index.sum();
    for (int i = 0; i < stage.count(); i++) {
      if (index.epochOf(stage.number(i)) == PageIndex.NONE) {
        present++;
      } else {
        sum -= index.checksumOf(stage.number(i));
      }
      sum += stage.checksum(i);
    }
    return CheckpointCodec.encode(new StoredCheckpoint(checkpoint, stage.count(), present, sum));
  }

  private void commit(long epoch, byte[] header, PageStage stage) {
    for (int i = 0; i < stage.count(); i++) {
      int number = stage.number(i);
      long previous = index.epochOf(number);
      if (previous != PageIndex.NONE) {
        superseded.add(epoch, number, previous);
      }
      index.put(number, epoch, stage.checksum(i));
    }
    epochs.add(epoch);
    try {
      WriteBatch batch = stage.batch();
      database.put(batch, Family.MACHINE, epochKey(epoch), header);
      prune(batch, Math.max(MINIMUM_DELETES_PER_WRITE, 2 * stage.count()));
      database.write(batch, true);
    } catch (RocksDBException e) {
      throw fail("checkpoint cannot be written: epoch=" + epoch, e);
    }
  }

  private void prune(WriteBatch batch, int limit) throws RocksDBException {
    while (epochs.size() > options.keep()) {
      database.delete(batch, Family.MACHINE, epochKey(epochs.pollFirst()));
    }
    List<byte[]> garbage = new ArrayList<>();
    superseded.drain(
        epochs.first(), limit, (number, epoch) -> garbage.add(PageKey.of(number, epoch)));
    for (byte[] key : garbage) {
      database.delete(batch, Family.VERSIONS, key);
      database.delete(batch, Family.PAGES, key);
    }
  }

  @Override
  public Optional<Checkpoint> newest() {
    enter();
    try {
      if (epochs.isEmpty()) {
        return Optional.empty();
      }
      StoredCheckpoint newest = readHeader(epochs.last());
      requireIndexOf(newest);
      return Optional.of(newest.checkpoint());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<Long> epochs() {
    enter();
    try {
      return List.copyOf(epochs);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public List<Checkpoint> list() {
    enter();
    try {
      List<Checkpoint> checkpoints = new ArrayList<>();
      for (long epoch : epochs) {
        try {
          checkpoints.add(readHeader(epoch).checkpoint());
        } catch (CheckpointDamagedException e) {
          LOG.warn("Left out of the list: {}", e.getMessage());
        }
      }
      return List.copyOf(checkpoints);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<Checkpoint> at(long epoch) {
    enter();
    try {
      return epochs.contains(epoch)
          ? Optional.of(readHeader(epoch).checkpoint())
          : Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void readPages(Checkpoint checkpoint, PageConsumer into) {
    enter();
    try {
      WriteRules.requireKept(checkpoint, epochs);
      StoredCheckpoint stored = readHeader(checkpoint.epoch());
      WriteRules.requireEqual(checkpoint, stored.checkpoint());
      new PageReader(database, checksum).read(stored, into);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void discardNewerThan(long epoch) {
    enter();
    try (WriteBatch batch = new WriteBatch()) {
      WriteRules.requireKept(epoch, epochs);
      List<Long> discarded = List.copyOf(epochs.tailSet(epoch, false));
      for (long newer : discarded) {
        database.delete(batch, Family.MACHINE, epochKey(newer));
      }
      // From here on their pages belong to no checkpoint; the scan removes them, now or after a
      // crash.
      database.write(batch, true);
      LOG.info(
          "Discarded checkpoints: vm={} run={} dir={} epochs={}",
          identity.vm(),
          identity.run(),
          dir,
          discarded);
      load();
    } catch (RocksDBException e) {
      throw fail("checkpoints cannot be discarded", e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reads everything and compares it with its checksums; for {@code checkpoint inspect}. Damage is
   * in the report, not thrown.
   */
  public StoreReport verify() {
    enter();
    try {
      return new StoreVerification(database, identity, checksum, epochs, this::readHeader).run();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("checkpoint store is closed from inside its own call");
    }
    lock.lock();
    try {
      if (open) {
        open = false;
        database.close();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes the lock. A second call of the same thread comes from a callback, in the middle of an
   * iteration or a half-filled batch, and would break it.
   */
  private void enter() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException("checkpoint store is called from inside its own call");
    }
    lock.lock();
    if (!open) {
      lock.unlock();
      throw new IllegalStateException("checkpoint store is closed: dir=" + dir);
    }
    if (failure != null) {
      lock.unlock();
      throw new IllegalStateException(
          "checkpoint store failed earlier, close it and open it again: dir=" + dir, failure);
    }
  }

  private void load() {
    StoreScan scan;
    try {
      scan = StoreScan.of(database);
    } catch (RocksDBException e) {
      throw RocksDatabase.isDamage(e)
          ? new CheckpointDamagedException(
              dir, "list of checkpoints or pages cannot be read: " + e.getMessage(), e)
          : fail("list of checkpoints or pages cannot be read", e);
    }
    epochs = scan.epochs();
    index = scan.index();
    superseded = scan.superseded();
    LOG.info(
        "Checkpoint store loaded: vm={} run={} dir={} epochs={} pages={} unfinishedVersions={}"
            + " garbageVersions={}",
        identity.vm(),
        identity.run(),
        dir,
        epochs,
        index.present(),
        scan.unfinished(),
        scan.garbage());
  }

  private StoredCheckpoint readHeader(long epoch) {
    try {
      byte[] header = database.get(Family.MACHINE, epochKey(epoch));
      if (header == null) {
        throw new CheckpointDamagedException(dir, epoch, "header is missing", null);
      }
      StoredCheckpoint stored = CheckpointCodec.decode(header);
      Checkpoint checkpoint = stored.checkpoint();
      if (checkpoint.epoch() != epoch
          || !identity.equals(new StoreIdentity(checkpoint.vm(), checkpoint.run()))) {
        throw new CheckpointDamagedException(
            dir, epoch, "header belongs elsewhere: " + checkpoint, null);
      }
      return stored;
    } catch (DamagedBytesException e) {
      throw new CheckpointDamagedException(dir, epoch, e.getMessage(), e);
    } catch (RocksDBException e) {
      throw new CheckpointDamagedException(
          dir, epoch, "header cannot be read: " + e.getMessage(), e);
    }
  }

  /** Checks the newest checkpoint against the versions that are really there. */
  private void requireIndexOf(StoredCheckpoint newest) {
    PageReader.requireComplete(dir, newest, index.present(), index.sum());
  }

  private CheckpointStoreException fail(String what, RocksDBException cause) {
    CheckpointStoreException exception =
        new CheckpointStoreException(
            what
                + ": vm="
                + identity.vm()
                + " run="
                + identity.run()
                + " dir="
                + dir
                + ": "
                + cause.getMessage(),
            cause);
    // What is in memory may now differ from what is on disk.
    failure = exception;
    return exception;
  }

  private static byte[] epochKey(long epoch) {
    return ByteBuffer.allocate(Long.BYTES).putLong(epoch).array();
  }
}
