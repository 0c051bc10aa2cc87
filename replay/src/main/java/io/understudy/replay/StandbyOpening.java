package io.understudy.replay;

import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.EpochSource;
import io.understudy.log.LogException;
import io.understudy.log.LogExtent;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.SnapshotDamagedException;
import io.understudy.log.StoredSnapshot;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineSnapshot;
import io.understudy.machine.RunHeader;
import io.understudy.machine.StateDigest;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointDamagedException;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.replay.checkpoint.RocksCheckpointStore;
import io.understudy.replay.checkpoint.StoreOptions;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out where a standby begins: from its own newest checkpoint, if the log goes on from there
 * and is not far ahead; else from the beginning of the run or from a snapshot of the primary, as
 * {@link StartPolicy} says.
 *
 * <p>Owned by the vCPU thread.
 */
final class StandbyOpening {
  private static final Logger LOG = LoggerFactory.getLogger(StandbyOpening.class);
  private static final Duration POLL = Duration.ofMillis(50);

  /** So many snapshots that cannot be used are more than bad luck. */
  private static final int MOST_UNUSABLE = 5;

  /** By what the wait for a primary is shorter where there is a checkpoint to go on from. */
  private static final int HURRY = 3;

  private final Standby.Setup setup;
  private final StartOptions start;
  private final BooleanSupplier giveUp;

  StandbyOpening(Standby.Setup setup, BooleanSupplier giveUp) {
    this.setup = setup;
    this.start = setup.start();
    this.giveUp = giveUp;
  }

  /** Null if it was given up. */
  StandbyStart open() {
    if (Files.exists(setup.storeDirectory().resolve("CURRENT"))) {
      RocksCheckpointStore store = RocksCheckpointStore.openExisting(setup.storeDirectory());
      StandbyStart resumed = null;
      try {
        requireSameVm(store);
        resumed = fromStore(store);
      } finally {
        if (resumed == null) {
          store.close();
        }
      }
      if (resumed != null || giveUp.getAsBoolean()) {
        return resumed;
      }
    }
    return withoutCheckpoint();
  }

  private void requireSameVm(RocksCheckpointStore store) {
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

  /** From the store's newest checkpoint, unless a snapshot of the primary is nearer; or null. */
  private StandbyStart fromStore(RocksCheckpointStore store) {
    if (start.policy() == StartPolicy.AUTO) {
      StandbyStart cloned = null;
      try {
        cloned = nearerSnapshot(store);
      } catch (LogException | ReplayDivergenceException bad) {
        // What is wrong with the log itself, replaying finds out.
        LOG.warn("goes on from its checkpoint, no snapshot can be used: {}", bad.getMessage());
      }
      if (cloned != null || giveUp.getAsBoolean()) {
        return cloned;
      }
      start.phase().accept(StartOptions.RESTORING);
    }
    try {
      return resumeNewest(store);
    } catch (LogTruncatedException truncated) {
      boolean sameRun = store.run().equals(LogExtent.of(setup.connection(), setup.vm()).run());
      if (!truncated.isCutOff() || !sameRun) {
        throw truncated;
      }
      if (start.policy() == StartPolicy.BEGINNING) {
        throw refused("the log begins behind this node's newest checkpoint", truncated);
      }
      LOG.info("the log begins behind the newest checkpoint: {}", truncated.getMessage());
      return fromSnapshot(store, store.run(), false);
    }
  }

  /** A leader writes no checkpoints, so those of one that is fenced are as old as its term. */
  private StandbyStart nearerSnapshot(RocksCheckpointStore store) {
    Optional<Checkpoint> newest = store.newest();
    if (newest.isEmpty()) {
      return null;
    }
    Checkpoint checkpoint = newest.orElseThrow();
    LogExtent log = LogExtent.of(setup.connection(), setup.vm());
    if (!store.run().equals(log.run())
        || !log.reaches(checkpoint.log())
        // A bound that costs nothing more; most starts need not look further.
        || log.epochsBehind(checkpoint.log()) <= start.replayAtMost()) {
      return null;
    }
    long behind =
        LogExtent.newestEpoch(setup.connection(), setup.vm()).orElse(-1) - checkpoint.epoch();
    if (behind <= start.replayAtMost()) {
      return null;
    }
    LOG.info(
        "the newest checkpoint is far behind: vm={} epochsBehind={} replayAtMost={}",
        setup.vm(),
        behind,
        start.replayAtMost());
    return fromSnapshot(store, store.run(), true);
  }

  private static LogTruncatedException refused(String what, LogTruncatedException cause) {
    return new LogTruncatedException(
        what
            + ", and --start beginning forbids to take a snapshot of the primary: start it with"
            + " --start auto: "
            + cause.getMessage(),
        cause.isCutOff(),
        cause);
  }

  /**
   * From the newest checkpoint that is whole and is the machine that the log says; null if there is
   * none at all. What a host's fault changed between a digest and the checkpoint is found here.
   */
  StandbyStart resumeNewest(CheckpointStore store) {
    List<Checkpoint> readable = new ArrayList<>(store.list());
    Collections.reverse(readable);
    RuntimeException damaged = null;
    for (Checkpoint checkpoint : readable) {
      try {
        return resume(store, checkpoint);
      } catch (CheckpointDamagedException | ReplayDivergenceException damage) {
        LOG.warn("a checkpoint cannot be used, trying the one before: {}", damage.getMessage());
        damaged = damage;
      }
    }
    if (damaged != null) {
      throw damaged;
    }
    return null;
  }

  /** Brings a machine to a checkpoint, which is the store's newest from then on. */
  private StandbyStart resume(CheckpointStore store, Checkpoint checkpoint) {
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
      return new StandbyStart(snapshot.header(), source, store, machine, null, checkpoint);
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

  private StandbyStart withoutCheckpoint() {
    if (start.policy() == StartPolicy.BEGINNING) {
      try {
        return fromBeginning();
      } catch (LogTruncatedException truncated) {
        throw refused("the log does not go back to the beginning of the run", truncated);
      }
    }
    LogExtent log = LogExtent.of(setup.connection(), setup.vm());
    boolean isShort = log.isWhole() && log.epochsAtMost() <= start.replayAtMost();
    if (log.run() == null || (isShort && start.policy() == StartPolicy.AUTO)) {
      return fromBeginning();
    }
    RocksCheckpointStore store =
        RocksCheckpointStore.open(
            setup.storeDirectory(), setup.vm(), log.run(), StoreOptions.DEFAULT);
    StandbyStart cloned = null;
    try {
      cloned = fromSnapshot(store, log.run(), log.isWhole());
    } finally {
      if (cloned == null) {
        store.close();
      }
    }
    return cloned != null || giveUp.getAsBoolean() ? cloned : fromBeginning();
  }

  /**
   * From a snapshot that is newer than all checkpoints of the store.
   *
   * @param mayReplay whether there is a place to replay from when no primary takes one
   * @return null if it was given up, or if to replay is what is left
   */
  private StandbyStart fromSnapshot(CheckpointStore store, UUID run, boolean mayReplay) {
    start.phase().accept(StartOptions.CLONING);
    Set<UUID> unusable = new HashSet<>();
    long newest = store.newest().map(Checkpoint::epoch).orElse(-1L);
    boolean hasCheckpoint = newest >= 0 && mayReplay;
    // Perhaps all primaries are dead, and one of those who wait here is to lead.
    Duration patience =
        hasCheckpoint ? start.answerTimeout().dividedBy(HURRY) : start.answerTimeout();
    try (SnapshotSource source =
        SnapshotSource.open(setup.connection(), setup.vm(), run, start.node())) {
      while (!giveUp.getAsBoolean()) {
        LogExtent log = LogExtent.of(setup.connection(), setup.vm());
        Optional<StoredSnapshot> there = usable(source, run, log, unusable, newest);
        boolean isNear =
            there.isPresent()
                && log.epochsBehind(there.orElseThrow().position()) <= start.replayAtMost();
        Optional<StoredSnapshot> chosen =
            isNear ? there : source.order(-1, "a standby begins", patience, giveUp);
        if (chosen.isEmpty() && !giveUp.getAsBoolean()) {
          chosen = there;
          if (chosen.isEmpty() && mayReplay && start.policy() == StartPolicy.AUTO) {
            LOG.warn("no primary takes a snapshot, replays what the log has: vm={}", setup.vm());
            return null;
          }
        }
        StandbyStart loaded = chosen.map(one -> load(source, one, store, unusable)).orElse(null);
        if (loaded != null) {
          return loaded;
        }
      }
    }
    return null;
  }

  private Optional<StoredSnapshot> usable(
      SnapshotSource source, UUID run, LogExtent log, Set<UUID> unusable, long newest) {
    return source.directory().of(run).stream()
        .filter(snapshot -> snapshot.manifest().isComplete())
        .filter(snapshot -> snapshot.manifest().epoch() > newest)
        .filter(snapshot -> !unusable.contains(snapshot.id()) && log.reaches(snapshot.position()))
        .reduce(
            (before, next) -> next.manifest().epoch() > before.manifest().epoch() ? next : before);
  }

  /** Null if it cannot be used. */
  private StandbyStart load(
      SnapshotSource source, StoredSnapshot snapshot, CheckpointStore store, Set<UUID> unusable) {
    try {
      StandbyStart loaded = new SnapshotLoader(setup).load(snapshot, store, null);
      source.verified(snapshot);
      return loaded;
    } catch (SnapshotDamagedException | LogTruncatedException | ReplayDivergenceException bad) {
      unusable.add(snapshot.id());
      if (unusable.size() >= MOST_UNUSABLE) {
        throw bad;
      }
      LOG.warn("a snapshot cannot be used: {}", bad.getMessage());
      return null;
    }
  }

  private StandbyStart fromBeginning() {
    EpochReader source = EpochReader.fromStart(setup.connection(), setup.vm());
    Machine machine = null;
    RocksCheckpointStore store = null;
    try {
      Epoch first = awaitFirst(source);
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
      return new StandbyStart(header, source, store, machine, first, null);
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

  private Epoch awaitFirst(EpochSource source) {
    Epoch first = source.poll(POLL);
    while (first == null && !giveUp.getAsBoolean()) {
      first = source.poll(POLL);
    }
    return first;
  }

  static MachineConfig config(Standby.Setup setup, RunStarted header) {
    return RunHeader.accept(setup.kvm(), header, setup.parts().apply(header));
  }
}
