package io.understudy.replay;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochSource;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineParts;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.VmId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * A second copy of a VM that follows the log: starts from its newest checkpoint, from the run's
 * beginning or from a snapshot of the primary, applies and verifies every committed epoch and takes
 * checkpoints.
 *
 * <p>Owned by the vCPU thread, which must be the one that opens it.
 */
public final class Standby implements AutoCloseable {
  /**
   * What a standby needs.
   *
   * @param parts finds what the run's machine is made of on this host
   * @param output holds what the machine puts out; nothing of it leaves before a promotion
   * @param storeDirectory where checkpoints are kept; created if missing
   * @param checkpointEvery least time between two checkpoints
   * @param start how to begin without a checkpoint
   */
  public record Setup(
      Kvm kvm,
      ClusterConnection connection,
      VmId vm,
      Function<RunStarted, MachineParts> parts,
      HeldOutput output,
      Path storeDirectory,
      Duration checkpointEvery,
      StartOptions start) {}

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

  private Standby(Setup setup, StandbyStart start) {
    this.header = start.header();
    this.source = start.source();
    this.store = start.store();
    this.machine = start.machine();
    this.unapplied = start.unapplied();
    this.output = setup.output();
    this.checkpointEvery = setup.checkpointEvery();
    Checkpoint restored = start.checkpoint();
    long checkpointEpoch = restored == null ? -1 : restored.epoch();
    this.checkpoints = new CheckpointWriter(store, header, setup.output(), checkpointEpoch);
    this.progress = new ReplayProgress(checkpointEpoch, restored == null ? 0 : restored.term());
  }

  /**
   * Brings the machine to its newest checkpoint, or, if there is none from which the log goes on,
   * to power-on or to what a snapshot of the primary says. Waits for the log or the primary if need
   * be.
   *
   * @param giveUp asked while waiting; true ends it
   * @return null if it was given up
   * @throws io.understudy.machine.RunRefusedException if this host cannot repeat the run
   * @throws io.understudy.log.LogException if the log cannot be read from there
   */
  public static Standby open(Setup setup, BooleanSupplier giveUp) {
    StandbyStart start = new StandbyOpening(setup, giveUp).open();
    return start == null ? null : new Standby(setup, start);
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

  /** What became of its checkpoints; any thread may read it. */
  public CheckpointStatistics checkpoints() {
    return checkpoints.statistics();
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
