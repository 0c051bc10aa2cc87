package io.understudy.replay;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.EpochSource;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineParts;
import io.understudy.machine.RunHeader;
import io.understudy.machine.StateDigest;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointDamagedException;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.replay.checkpoint.RocksCheckpointStore;
import io.understudy.replay.checkpoint.StoreOptions;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.VmId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A second copy of a VM that follows the log: starts from its newest checkpoint, or from the run's
 * beginning if it has none, applies and verifies every committed epoch and takes checkpoints.
 *
 * <p>Owned by the vCPU thread, which must be the one that opens it.
 */
public final class Standby implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Standby.class);
  private static final Duration POLL = Duration.ofMillis(50);

  /**
   * What a standby needs.
   *
   * @param parts finds what the run's machine is made of on this host
   * @param output holds what the machine puts out; nothing of it leaves before a promotion
   * @param storeDirectory where checkpoints are kept; created if missing
   * @param checkpointEvery least time between two checkpoints
   */
  public record Setup(
      Kvm kvm,
      ClusterConnection connection,
      VmId vm,
      Function<RunStarted, MachineParts> parts,
      HeldOutput output,
      Path storeDirectory,
      Duration checkpointEvery) {}

  private final EventRecord header;
  private final EpochSource source;
  private final CheckpointStore store;
  private final Machine machine;
  private final CheckpointWriter checkpoints;
  private final HeldOutput output;
  private final Duration checkpointEvery;
  private final ReplayProgress progress;
  private Epoch unapplied;
  private long lastCheckpointNanos = System.nanoTime();

  private Standby(
      Setup setup,
      EventRecord header,
      EpochSource source,
      CheckpointStore store,
      Machine machine,
      Epoch unapplied,
      Checkpoint restored) {
    this.header = header;
    this.source = source;
    this.store = store;
    this.machine = machine;
    this.unapplied = unapplied;
    this.output = setup.output();
    this.checkpointEvery = setup.checkpointEvery();
    long checkpointEpoch = restored == null ? -1 : restored.epoch();
    this.checkpoints = new CheckpointWriter(store, header, setup.output(), checkpointEpoch);
    this.progress = new ReplayProgress(checkpointEpoch, restored == null ? 0 : restored.term());
  }

  /**
   * Brings the machine to its newest checkpoint, or to power-on if there is none. Waits for the
   * first epoch of the log if need be.
   *
   * @param giveUp asked while waiting; true ends it
   * @return null if it was given up
   * @throws io.understudy.machine.RunRefusedException if this host cannot repeat the run
   * @throws io.understudy.log.LogException if the log cannot be read from there
   */
  public static Standby open(Setup setup, BooleanSupplier giveUp) {
    if (Files.exists(setup.storeDirectory().resolve("CURRENT"))) {
      RocksCheckpointStore store = RocksCheckpointStore.openExisting(setup.storeDirectory());
      try {
        requireSameVm(setup, store);
        Standby resumed = resumeNewest(setup, store);
        if (resumed != null) {
          return resumed;
        }
      } catch (RuntimeException | Error failure) {
        store.close();
        throw failure;
      }
      store.close();
    }
    return begin(setup, giveUp);
  }

  private static void requireSameVm(Setup setup, RocksCheckpointStore store) {
    if (!store.vm().equals(setup.vm())) {
      throw new IllegalArgumentException(
          "the checkpoint store belongs to another VM: directory="
              + setup.storeDirectory()
              + " expected="
              + setup.vm()
              + " actual="
              + store.vm());
    }
  }

  /** From the newest checkpoint that is whole; null if there is none at all. */
  private static Standby resumeNewest(Setup setup, RocksCheckpointStore store) {
    List<Checkpoint> readable = new ArrayList<>(store.list());
    Collections.reverse(readable);
    CheckpointDamagedException damaged = null;
    for (Checkpoint checkpoint : readable) {
      try {
        return resume(setup, store, checkpoint);
      } catch (CheckpointDamagedException damage) {
        LOG.warn("a checkpoint is damaged, trying the one before: {}", damage.getMessage());
        damaged = damage;
      }
    }
    if (damaged != null) {
      throw damaged;
    }
    return null;
  }

  private static Standby resume(Setup setup, RocksCheckpointStore store, Checkpoint checkpoint) {
    MachineSnapshot snapshot = MachineSnapshot.decode(checkpoint.machineState());
    MachineConfig config = config(setup, snapshot.runStarted());
    EpochSource source =
        EpochReader.open(setup.connection(), setup.vm(), checkpoint.run(), checkpoint.log());
    Machine machine = null;
    try {
      machine =
          Machine.restore(
              setup.kvm(),
              config,
              setup.output(),
              snapshot.state(),
              sink -> store.readPages(checkpoint, sink::page));
      machine.takeChangedPages();
      verify(checkpoint, machine.digest());
      setup.output().restore(snapshot.console(), machine.framesSent());
      store.discardNewerThan(checkpoint.epoch());
      LOG.info(
          "restored a checkpoint: vm={} run={} epoch={} position={}",
          checkpoint.vm(),
          checkpoint.run(),
          checkpoint.epoch(),
          checkpoint.position());
      return new Standby(setup, snapshot.header(), source, store, machine, null, checkpoint);
    } catch (RuntimeException | Error failure) {
      source.close();
      if (machine != null) {
        machine.close();
      }
      throw failure;
    }
  }

  private static void verify(Checkpoint checkpoint, StateDigest actual) {
    StateDigest expected =
        new StateDigest(
            checkpoint.registersDigest(), checkpoint.devicesDigest(), checkpoint.memoryDigest());
    if (!expected.equals(actual)) {
      throw new ReplayDivergenceException(
          "the restored machine is not the one that was checkpointed: "
              + checkpoint
              + " expected="
              + expected
              + " actual="
              + actual);
    }
  }

  private static Standby begin(Setup setup, BooleanSupplier giveUp) {
    EpochReader source = EpochReader.fromStart(setup.connection(), setup.vm());
    Machine machine = null;
    RocksCheckpointStore store = null;
    try {
      Epoch first = awaitFirst(source, giveUp);
      if (first == null) {
        source.close();
        return null;
      }
      EventRecord header = first.events().get(0);
      MachineConfig config = config(setup, (RunStarted) header.event());
      UUID run = header.run();
      store =
          RocksCheckpointStore.open(setup.storeDirectory(), setup.vm(), run, StoreOptions.DEFAULT);
      machine = Machine.powerOn(setup.kvm(), config, setup.output());
      LOG.info("starts at the beginning of the log: vm={} run={}", setup.vm(), run);
      return new Standby(setup, header, source, store, machine, first, null);
    } catch (RuntimeException | Error failure) {
      source.close();
      if (store != null) {
        store.close();
      }
      if (machine != null) {
        machine.close();
      }
      throw failure;
    }
  }

  private static Epoch awaitFirst(EpochSource source, BooleanSupplier giveUp) {
    Epoch first = source.poll(POLL);
    while (first == null && !giveUp.getAsBoolean()) {
      first = source.poll(POLL);
    }
    return first;
  }

  private static MachineConfig config(Setup setup, RunStarted header) {
    return RunHeader.accept(setup.kvm(), header, setup.parts().apply(header));
  }

  /**
   * Follows the log until {@code follower} says stop; the machine then stands at the end of an
   * epoch.
   *
   * @throws ReplayDivergenceException if the machine is not what the log says
   */
  public void follow(Replayer.Follower follower) throws InterruptedException {
    Epoch first = unapplied;
    unapplied = null;
    Replayer replayer = new Replayer(source, new Observer(follower), first);
    PeriodicKick kick = PeriodicKick.of(machine);
    try {
      MachineLoop.run(machine, replayer);
    } finally {
      kick.close();
    }
    checkpoints.awaitWritten();
  }

  /** The machine; who promotes this standby takes it over. */
  public Machine machine() {
    return machine;
  }

  /** The log as far as it has been read. */
  public EpochSource source() {
    return source;
  }

  /** The run's first event. */
  public EventRecord header() {
    return header;
  }

  /** How far the replay is; any thread may read it. */
  public ReplayProgress progress() {
    return progress;
  }

  /** Epoch of the newest checkpoint, -1 if there is none yet; any thread. */
  public long checkpointEpoch() {
    return checkpoints.lastEpoch();
  }

  @Override
  public void close() {
    try (store;
        source;
        machine) {
      checkpoints.close();
    }
  }

  /** Counts, and takes checkpoints, on behalf of the standby. */
  private final class Observer implements Replayer.Follower {
    private final Replayer.Follower next;

    Observer(Replayer.Follower next) {
      this.next = next;
    }

    @Override
    public boolean stopHere() {
      return next.stopHere();
    }

    @Override
    public void applied(Epoch epoch, Machine at) {
      progress.applied(epoch);
      output.released(epoch.mark().releasedOutputOffset(), epoch.mark().framesReleased());
      next.applied(epoch, at);
      long now = System.nanoTime();
      if (now - lastCheckpointNanos >= checkpointEvery.toNanos() && checkpoints.isFree()) {
        lastCheckpointNanos = now;
        checkpoints.take(at, epoch);
      }
    }
  }
}
