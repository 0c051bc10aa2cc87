package io.understudy.capture.snapshot;

import io.understudy.log.CommittedEpoch;
import io.understudy.log.CrashPoint;
import io.understudy.log.EpochDraft;
import io.understudy.log.LogException;
import io.understudy.log.SnapshotSink;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineSnapshot;
import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.SnapshotPart;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Takes snapshots of the machine of one leadership while it runs, one at a time.
 *
 * <p>{@link #take} belongs to a thread of its own, the other methods to those they name.
 */
public final class SnapshotTaker {
  /** How long to wait for a mark before another one is asked for. */
  private static final long MARK_MILLIS = 50;

  private final ClonedMachine machine;
  private final CloneRounds rounds;
  private final CloneSettings settings;
  private final byte[] header;
  private final String node;
  private final Runnable wantMark;
  private final CloneStatistics statistics = new CloneStatistics();
  private long restUntilNanos;

  /**
   * Snapshots of a leadership that has not begun.
   *
   * @param header the run's first event
   * @param console the console output that the world may not have; asked by the vCPU thread
   * @param node name of this node
   * @param wantMark asks for an epoch to be closed although nothing happens; any thread
   */
  public SnapshotTaker(
      Machine machine,
      EventRecord header,
      Supplier<MachineSnapshot.Held> console,
      CloneSettings settings,
      String node,
      Runnable wantMark) {
    this(
        new LiveMachine(machine, header, console),
        EventCodec.encode(header),
        ((RunStarted) header.event()).partitions(),
        settings,
        node,
        wantMark);
  }

  SnapshotTaker(
      ClonedMachine machine,
      byte[] header,
      int partitions,
      CloneSettings settings,
      String node,
      Runnable wantMark) {
    this.machine = machine;
    this.rounds = new CloneRounds(machine, settings, partitions);
    this.settings = settings;
    this.header = header;
    this.node = node;
    this.wantMark = wantMark;
  }

  /** vCPU thread: the leadership's first epoch is committed, and the machine is at its end. */
  public void opened(long epoch) {
    rounds.opened(epoch);
  }

  /** vCPU thread: an epoch is being closed, and its digest was taken just now. */
  public void marked(EpochDraft.Mark mark) {
    rounds.marked(mark);
  }

  /** Committer thread: an epoch is in the log. */
  public void committed(CommittedEpoch epoch) {
    rounds.committed(epoch);
  }

  /** Any thread: the leadership ends; when this returns, the machine is not touched any more. */
  public void stop() {
    rounds.stop();
  }

  /** What snapshots have cost. */
  public CloneStatistics statistics() {
    return statistics;
  }

  /**
   * Takes a snapshot.
   *
   * @param id its identity
   * @param sinceEpoch epoch of a checkpoint whose unchanged pages may be left out, -1 if none
   * @param sink where it goes
   * @return empty if the leadership ended before it was complete
   * @throws LogException if the sink does not take it, or the guest writes too fast
   */
  public Optional<SnapshotPart.Completed> take(UUID id, long sinceEpoch, SnapshotSink sink)
      throws InterruptedException {
    Clone clone = new Clone(sink);
    rounds.begin(sinceEpoch);
    try {
      CloneRounds.Cut cut = clone.copy(id);
      return cut == null ? Optional.empty() : clone.complete(cut);
    } catch (RuntimeException failure) {
      if (!rounds.isStopped()) {
        statistics.failed();
      }
      throw failure;
    } finally {
      rounds.end();
    }
  }

  /** One snapshot. Owned by the copying thread. */
  private final class Clone {
    private final SnapshotSink sink;
    private final long startedAtMillis = System.currentTimeMillis();
    private final long startedNanos = System.nanoTime();
    private long pages;
    private long since = -1;

    private Clone(SnapshotSink sink) {
      this.sink = sink;
    }

    /** Copies rounds up to the cut; null if there is none. */
    private CloneRounds.Cut copy(UUID id) throws InterruptedException {
      boolean first = true;
      for (; ; ) {
        CloneRounds.Step step = awaitStep();
        if (step == null || step.round() == null) {
          return step == null ? null : requireCut(step);
        }
        if (first) {
          since = step.round().sinceEpoch();
          sink.begin(
              id,
              new SnapshotPart.Started(
                  node,
                  since,
                  step.round().pages().cardinality(),
                  Machine.PAGE_SIZE,
                  startedAtMillis));
        }
        copy(step.round(), first);
        first = false;
        CrashPoint.BETWEEN_CLONE_ROUNDS.pass();
        rounds.copied();
      }
    }

    private CloneRounds.Cut requireCut(CloneRounds.Step step) {
      if (step.cut() == null) {
        throw new LogException(
            "the guest writes faster than its memory is copied: rounds="
                + rounds.rounds()
                + " bytesPerSecond="
                + settings.bytesPerSecond()
                + ": raise --clone-rate, or order it when the guest has less to do");
      }
      return step.cut();
    }

    private CloneRounds.Step awaitStep() throws InterruptedException {
      CloneRounds.Step step = null;
      while (step == null && !rounds.isStopped()) {
        wantMark.run();
        step = rounds.awaitStep(MARK_MILLIS);
      }
      return step;
    }

    private void copy(CloneRounds.Round round, boolean first) throws InterruptedException {
      int[] numbers = round.pages().stream().toArray();
      for (int from = 0; from < numbers.length; from += PageBatch.MAX_PAGES) {
        int to = Math.min(numbers.length, from + PageBatch.MAX_PAGES);
        PageBatch batch = rounds.copy(Arrays.copyOfRange(numbers, from, to));
        if (batch == null) {
          return;
        }
        // What nobody has sent yet is zero where it is restored.
        send(
            first && since < 0
                ? batch.withoutZeros(page -> page < machine.memoryPageCount())
                : batch);
        restFor(batch.contents().length);
      }
    }

    private void send(PageBatch batch) {
      if (batch.pages().length > 0) {
        sink.pages(batch.pages(), batch.contents());
        pages += batch.pages().length;
      }
    }

    private Optional<SnapshotPart.Completed> complete(CloneRounds.Cut cut)
        throws InterruptedException {
      cut.pages().forEach(this::send);
      sink.state(cut.state());
      SnapshotSink.Pieces pieces = sink.flush();
      CommittedEpoch committed = rounds.awaitCommitted();
      if (committed == null) {
        return Optional.empty();
      }
      SnapshotPart.Completed manifest = manifest(cut, committed, pieces);
      CrashPoint.BEFORE_MANIFEST.pass();
      sink.complete(manifest);
      CrashPoint.AFTER_MANIFEST.pass();
      statistics.completed(manifest, System.nanoTime() - startedNanos);
      return Optional.of(manifest);
    }

    private SnapshotPart.Completed manifest(
        CloneRounds.Cut cut, CommittedEpoch committed, SnapshotSink.Pieces pieces) {
      return new SnapshotPart.Completed(
          node,
          header,
          since,
          cut.epoch(),
          cut.mark().position(),
          committed.next().nextSequence(),
          committed.next().hash(),
          List.copyOf(committed.offsets().values()),
          cut.mark().registersDigest(),
          cut.mark().devicesDigest(),
          cut.mark().memoryDigest(),
          machine.pageCount(),
          Machine.PAGE_SIZE,
          pieces.pieces(),
          pieces.hash(),
          pieces.firstOffsets(),
          pieces.endOffsets(),
          pages,
          pieces.bytes(),
          rounds.rounds(),
          TimeUnit.NANOSECONDS.toMicros(cut.pauseNanos()),
          startedAtMillis,
          System.currentTimeMillis());
    }
  }

  /** Keeps the rate: what was copied now must have taken so long. */
  private void restFor(int bytes) throws InterruptedException {
    long now = System.nanoTime();
    long cost = TimeUnit.SECONDS.toNanos(1) * bytes / settings.bytesPerSecond();
    restUntilNanos = Math.max(restUntilNanos, now) + cost;
    long millis = TimeUnit.NANOSECONDS.toMillis(restUntilNanos - now);
    while (millis > 0 && !rounds.isStopped()) {
      rounds.rest(millis);
      millis = TimeUnit.NANOSECONDS.toMillis(restUntilNanos - System.nanoTime());
    }
  }
}
