package io.understudy.replay;

import io.understudy.log.CrashPoint;
import io.understudy.log.Epoch;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.SnapshotDamagedException;
import io.understudy.log.StoredSnapshot;
import io.understudy.machine.Director;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineLoop;
import io.understudy.replay.checkpoint.Checkpoint;
import io.understudy.replay.checkpoint.CheckpointDamagedException;
import io.understudy.replay.checkpoint.CheckpointStore;
import io.understudy.schemas.EventRecord;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a correct machine in the place of one that is not what the log says.
 *
 * <p>First from the standby's own newest checkpoint, which was verified: if the same epochs now
 * come out right, the fault was a passing one of this host, and what it did is reported by
 * comparing the two machines. If they come out wrong again, or there is no checkpoint, from a
 * snapshot of the primary, of what has changed since that checkpoint where the primary knows it.
 *
 * <p>One for each repair. Owned by the vCPU thread.
 */
final class Repair {
  private static final Logger LOG = LoggerFactory.getLogger(Repair.class);
  private static final int SNAPSHOTS_TRIED = 3;

  private final Standby.Setup setup;
  private final StandbyOpening opening;
  private final BooleanSupplier giveUp;
  private final ReplayDivergenceException found;
  private final Machine wrong;
  private final CheckpointStore store;
  private String report = "";

  /**
   * A repair to be done.
   *
   * @param found what was found
   * @param wrong the machine that is not right; only looked at
   * @param store nothing is being written to it
   */
  Repair(
      Standby.Setup setup,
      BooleanSupplier giveUp,
      ReplayDivergenceException found,
      Machine wrong,
      CheckpointStore store) {
    this.setup = setup;
    this.opening = new StandbyOpening(setup, giveUp);
    this.giveUp = giveUp;
    this.found = found;
    this.wrong = wrong;
    this.store = store;
  }

  /**
   * Replays the epochs behind the newest checkpoint again, up to the one that was wrong.
   *
   * @param from told where the replay begins
   * @param follower told of each epoch
   * @return null if there is nothing to begin with, or if it was wrong again
   */
  StandbyStart again(Consumer<StandbyStart> from, Replayer.Follower follower)
      throws InterruptedException {
    StandbyStart start;
    try {
      start = opening.resumeNewest(store);
    } catch (LogTruncatedException truncated) {
      LOG.warn("the log does not reach back to the newest checkpoint: {}", truncated.getMessage());
      return null;
    } catch (CheckpointDamagedException | ReplayDivergenceException unusable) {
      LOG.warn("no checkpoint can be used: {}", unusable.getMessage());
      return null;
    }
    if (start == null) {
      return null;
    }
    from.accept(start);
    boolean keep = false;
    try {
      replay(start, follower);
      keep = true;
      return start;
    } catch (ReplayDivergenceException twice) {
      LOG.warn(
          "wrong again, so it is not a passing fault of this host alone: {}", twice.getMessage());
      return null;
    } finally {
      if (!keep) {
        start.source().close();
        start.machine().close();
      }
    }
  }

  private void replay(StandbyStart start, Replayer.Follower follower) throws InterruptedException {
    Until until = new Until(follower, start.checkpoint().epoch());
    Replayer replayer = new Replayer(start.source(), until);
    PeriodicKick kick = PeriodicKick.of(start.machine());
    try {
      MachineLoop.run(start.machine(), found.isAtMark() ? replayer : new Comparing(replayer));
    } finally {
      kick.close();
    }
    if (until.reached >= found.epoch()) {
      if (found.isAtMark()) {
        compare(start.machine());
      }
      LOG.warn(
          "repaired, it was a passing fault of this host: vm={} run={} epoch={} from={}"
              + " differed: {}",
          setup.vm(),
          start.header().run(),
          found.epoch(),
          start.checkpoint().epoch(),
          report);
    }
  }

  private void compare(Machine right) {
    report = MachineComparison.of(wrong, right).toString();
  }

  /**
   * Loads a snapshot of the primary.
   *
   * @return null if it was given up
   * @throws ReplayDivergenceException what was found, if there is none that helps
   */
  StandbyStart fromPrimary(EventRecord header) {
    Checkpoint base = store.newest().orElse(null);
    long since = base == null ? -1 : base.epoch();
    try (SnapshotSource source =
        SnapshotSource.open(setup.connection(), setup.vm(), header.run(), setup.start().node())) {
      for (int tried = 0; tried < SNAPSHOTS_TRIED && !giveUp.getAsBoolean(); tried++) {
        Optional<StoredSnapshot> taken =
            source.order(
                since,
                "epoch " + found.epoch() + " diverged: " + found.what(),
                setup.start().answerTimeout(),
                giveUp);
        if (taken.isEmpty()) {
          break;
        }
        StandbyStart loaded = load(source, taken.orElseThrow(), base);
        if (loaded != null) {
          return loaded;
        }
        // The next one stands on its own.
        since = -1;
      }
    }
    if (giveUp.getAsBoolean()) {
      return null;
    }
    throw found;
  }

  private StandbyStart load(SnapshotSource source, StoredSnapshot snapshot, Checkpoint base) {
    boolean complete = snapshot.manifest().isComplete();
    try {
      StandbyStart loaded = new SnapshotLoader(setup).load(snapshot, store, complete ? null : base);
      if (complete) {
        source.verified(snapshot);
      }
      report = "not known: the epoch was not replayed correctly here";
      LOG.warn(
          "repaired with a snapshot of the primary: vm={} run={} epoch={} sinceEpoch={} at={}",
          setup.vm(),
          snapshot.run(),
          found.epoch(),
          snapshot.manifest().sinceEpoch(),
          snapshot.manifest().epoch());
      return loaded;
    } catch (SnapshotDamagedException
        | LogTruncatedException
        | CheckpointDamagedException
        | ReplayDivergenceException bad) {
      LOG.warn("a snapshot cannot be used: {}", bad.getMessage());
      return null;
    }
  }

  /** What differed, for people; empty while it is not known. */
  String report() {
    return report;
  }

  /** Stops behind the epoch that was wrong. */
  private final class Until implements Replayer.Follower {
    private final Replayer.Follower next;
    private long reached;

    private Until(Replayer.Follower next, long reached) {
      this.next = next;
      this.reached = reached;
    }

    @Override
    public boolean stopHere() {
      return reached >= found.epoch() || giveUp.getAsBoolean();
    }

    @Override
    public void applied(Epoch epoch, Machine machine) {
      next.applied(epoch, machine);
      reached = epoch.number();
      CrashPoint.WITHIN_REPAIR.pass();
    }
  }

  /** Compares the two machines at the position where the wrong one was found to be wrong. */
  private final class Comparing implements Director {
    private final Director next;

    private Comparing(Director next) {
      this.next = next;
    }

    @Override
    public Turn atPosition(Machine machine) throws InterruptedException {
      if (report.isEmpty() && machine.position() >= wrong.position()) {
        compare(machine);
      }
      return next.atPosition(machine);
    }

    @Override
    public Turn kicked(Machine machine) {
      return next.kicked(machine);
    }

    @Override
    public long timeAsked(Machine machine) {
      return next.timeAsked(machine);
    }
  }
}
