package io.understudy.replay;

import io.understudy.log.CrashPoint;
import io.understudy.log.EpochSource;
import io.understudy.log.LogStart;
import io.understudy.log.SnapshotReader;
import io.understudy.log.StoredSnapshot;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineSnapshot;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.replay.checkpoint.PageConsumer;
import io.understudy.replay.checkpoint.PageSet;
import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.SnapshotPart;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a snapshot of the primary this standby's machine and its newest checkpoint. The pages go
 * into the machine as they are read; only when its digests are those of the epoch's mark is it
 * written, in one piece. So a snapshot that is damaged leaves nothing behind.
 *
 * <p>Owned by the vCPU thread.
 */
final class SnapshotLoader {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotLoader.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Standby.Setup setup;

  SnapshotLoader(Standby.Setup setup) {
    this.setup = setup;
  }

  /**
   * Loads a snapshot.
   *
   * @param store of the same run; may hold older checkpoints
   * @param base the store's newest checkpoint, if the snapshot builds on it; else null
   * @throws io.understudy.log.SnapshotDamagedException if it is not what its manifest says
   * @throws ReplayDivergenceException if the machine is not the one that was copied
   * @throws io.understudy.log.LogTruncatedException if the log does not go on from there
   */
  StandbyStart load(StoredSnapshot snapshot, CheckpointStore store, Checkpoint base) {
    SnapshotPart.Completed manifest = snapshot.manifest();
    EventRecord header = EventCodec.decode(manifest.header());
    EpochSource source = new LogStart(snapshot).open(setup.connection(), setup.vm());
    Machine machine = null;
    try {
      long begin = System.nanoTime();
      Pages pages = new Pages(snapshot, store, base);
      machine =
          Machine.restore(
              setup.kvm(),
              StandbyOpening.config(setup, (RunStarted) header.event()),
              setup.output(),
              pages::fill,
              () -> pages.machine().state());
      BitSet changed = machine.takeChangedPages();
      SnapshotCheck.requireSame(snapshot, machine.digest());
      setup.output().restore(pages.machine().console(), machine.framesSent());
      Checkpoint checkpoint = checkpoint(snapshot, pages.encoded);
      CrashPoint.BEFORE_SNAPSHOT_STORED.pass();
      store.write(checkpoint, new LivePages(machine, pages.toWrite(changed, machine)));
      CrashPoint.AFTER_SNAPSHOT_STORED.pass();
      LOG.info(
          "loaded a snapshot: vm={} run={} snapshot={} epoch={} position={} mib={} millis={}",
          setup.vm(),
          snapshot.run(),
          snapshot.id(),
          manifest.epoch(),
          manifest.position(),
          manifest.bytes() >> 20,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
      return new StandbyStart(header, source, store, machine, null, checkpoint);
    } catch (RuntimeException | Error failure) {
      source.close();
      if (machine != null) {
        machine.close();
      }
      throw failure;
    }
  }

  private static Checkpoint checkpoint(StoredSnapshot snapshot, byte[] machine) {
    SnapshotPart.Completed manifest = snapshot.manifest();
    return new Checkpoint(
        snapshot.vm(),
        snapshot.run(),
        manifest.epoch(),
        manifest.position(),
        snapshot.term(),
        snapshot.position(),
        manifest.registersDigest(),
        manifest.devicesDigest(),
        manifest.memoryDigest(),
        machine,
        manifest.pageCount(),
        manifest.pageSize());
  }

  /** The snapshot's pages, on top of a checkpoint's if it has one. */
  private final class Pages {
    private final StoredSnapshot snapshot;
    private final CheckpointStore store;
    private final Checkpoint base;
    private final BitSet named = new BitSet();
    private byte[] encoded;

    private Pages(StoredSnapshot snapshot, CheckpointStore store, Checkpoint base) {
      this.snapshot = snapshot;
      this.store = store;
      this.base = base;
    }

    private void fill(io.understudy.machine.PageSource.Sink sink) {
      if (base != null) {
        store.readPages(base, sink::page);
      }
      encoded =
          SnapshotReader.read(
              setup.connection(),
              snapshot,
              PATIENCE,
              (number, content) -> {
                named.set(number);
                sink.page(number, content);
                CrashPoint.WITHIN_SNAPSHOT_LOAD.pass();
              });
    }

    private MachineSnapshot machine() {
      return MachineSnapshot.decode(encoded);
    }

    /** What differs from the store's newest checkpoint, or may do so. */
    private BitSet toWrite(BitSet present, Machine machine) {
      if (base != null) {
        return named;
      }
      BitSet pages = (BitSet) present.clone();
      if (!store.epochs().isEmpty()) {
        // A page that is zero now was perhaps not in a checkpoint that is there.
        pages.set(0, machine.memoryPageCount());
      }
      return pages;
    }
  }

  /** Pages of a machine that stands still until they are written. */
  private record LivePages(Machine machine, BitSet which) implements PageSet {
    @Override
    public void forEach(PageConsumer consumer) {
      byte[] content = new byte[Machine.PAGE_SIZE];
      which.stream()
          .forEach(
              number -> {
                machine.readPage(number, content);
                consumer.page(number, content);
              });
    }

    @Override
    public int count() {
      return which.cardinality();
    }
  }
}
