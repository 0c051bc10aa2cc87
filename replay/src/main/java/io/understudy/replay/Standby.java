package io.understudy.replay;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.CrashPoint;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

  private static final Logger LOG = LoggerFactory.getLogger(Standby.class);

  /** With more, the host is not fit to follow. */
  private static final int MOST_REPAIRS = 3;

  private static final Duration REPAIRS_WITHIN = Duration.ofMinutes(10);

  private final EventRecord header;
  private final CheckpointStore store;
  private final CheckpointWriter checkpoints;
  private final HeldOutput output;
  private final Duration checkpointEvery;
  private final ReplayProgress progress;
  private final Setup setup;
  private final BooleanSupplier giveUp;
  private final RepairBudget budget = new RepairBudget(MOST_REPAIRS, REPAIRS_WITHIN);
  private EpochSource source;

  /** Changed by a repair; for figures other threads look at it. */
  private volatile Machine machine;

  private Epoch unapplied;
  private long lastCheckpointNanos = System.nanoTime();

  private Standby(Setup setup, StandbyStart start, BooleanSupplier giveUp) {
    this.setup = setup;
    this.giveUp = giveUp;
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
    return start == null ? null : new Standby(setup, start, giveUp);
  }

  /**
   * Follows the log until {@code follower} says stop; the machine then stands at the end of an
   * epoch. Given up during a repair it also returns, with a machine that is good for closing only:
   * {@code follower} has not said stop then. A machine that is not what the log says is repaired,
   * and {@code follower} is told of epochs again that are replayed for that; {@link #machine} and
   * {@link #source} are others then.
   *
   * @throws ReplayDivergenceException if the machine is not what the log says, and cannot be
   *     repaired, or was so too often
   */
  public void follow(Replayer.Follower follower) throws InterruptedException {
    for (; ; ) {
      try {
        replay(follower);
        checkpoints.awaitWritten();
        return;
      } catch (ReplayDivergenceException found) {
        progress.diverged();
        if (!found.isWhileReplaying()) {
          throw found;
        }
        if (!repair(found, follower)) {
          return;
        }
      }
    }
  }

  private void replay(Replayer.Follower follower) throws InterruptedException {
    Epoch first = unapplied;
    unapplied = null;
    Replayer replayer = new Replayer(source, new Observer(follower), first);
    PeriodicKick kick = PeriodicKick.of(machine);
    try {
      MachineLoop.run(machine, replayer);
    } finally {
      kick.close();
    }
  }

  /** False if it was given up: the machine is as it was, and good for closing only. */
  private boolean repair(ReplayDivergenceException found, Replayer.Follower follower)
      throws InterruptedException {
    LOG.warn(
        "the machine is not what the log says: vm={} run={} firstEpoch={} differs={}: {}",
        setup.vm(),
        header.run(),
        found.epoch(),
        found.what(),
        found.getMessage());
    if (!budget.take(System.nanoTime())) {
      LOG.error(
          "repaired {} times within {} already: this host is not fit to follow",
          MOST_REPAIRS,
          REPAIRS_WITHIN);
      throw found;
    }
    setup.start().phase().accept(StartOptions.REPAIRING);
    checkpoints.awaitWritten();
    Repair repair = new Repair(setup, giveUp, found, machine, store);
    StandbyStart right = repair.again(this::restarted, new Observer(follower));
    try {
      checkpoints.awaitWritten();
    } catch (RuntimeException failure) {
      if (right != null) {
        right.machine().close();
        right.source().close();
      }
      throw failure;
    }
    if (right == null) {
      right = repair.fromPrimary(header);
      if (right == null) {
        return false;
      }
      restarted(right);
    }
    CrashPoint.BEFORE_REPAIRED.pass();
    Machine wrong = machine;
    EpochSource old = source;
    machine = right.machine();
    source = right.source();
    wrong.close();
    old.close();
    progress.repaired(repair.report());
    setup.start().phase().accept(StartOptions.FOLLOWING);
    return true;
  }

  private void restarted(StandbyStart from) {
    progress.restarted(from.checkpoint().epoch(), from.checkpoint().term());
    checkpoints.restarted(from.checkpoint().epoch());
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
    EpochSource last = source;
    Machine first = machine;
    try (store;
        last;
        first) {
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
