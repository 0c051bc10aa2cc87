package io.understudy.capture.snapshot;

import io.understudy.log.CommittedEpoch;
import io.understudy.log.EpochDraft;
import io.understudy.machine.Machine;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Where the threads of a snapshot meet.
 *
 * <pre>
 * copying thread        vCPU thread, at a mark
 *   begin        -->
 *                <--      first round: every page, or what changed since an epoch
 *   copies, copied -->
 *                <--      next round: what was written since the one before ...
 *   copies, copied -->
 *                <--      ... or, if that is little: the cut, with the guest standing still
 *   awaitCommitted        (the epoch of the cut is committed)
 * </pre>
 *
 * <p>A page that is written after its round began is in the next one, whatever the copying thread
 * read of it. Safe for use by all three threads; the vCPU thread never waits for the others but for
 * the copying of one piece when the leadership ends.
 */
final class CloneRounds {
  /** From the third round on, less than this shrinking is no progress. */
  private static final double LEAST_PROGRESS = 0.75;

  private static final int ROUNDS_WITHOUT_JUDGEMENT = 3;

  /** Pages to be copied beside the guest. */
  record Round(BitSet pages, long sinceEpoch) {}

  /** What was copied with the guest standing still, at the end of an epoch. */
  record Cut(
      long epoch, EpochDraft.Mark mark, List<PageBatch> pages, byte[] state, long pauseNanos) {}

  /** Either of them; neither, if the guest writes faster than can be copied beside it. */
  record Step(Round round, Cut cut) {}

  private enum State {
    /** No snapshot is being taken. */
    IDLE,
    /** The next mark makes a round or the cut. */
    WANTED,
    /** A round, or the cut, has been made. */
    MADE
  }

  private final ClonedMachine machine;
  private final CloneSettings settings;
  private final int partitions;
  private final Object copying = new Object();

  // Owned by the vCPU thread.
  private ChangeTracker tracker;
  private long openedEpoch;
  private long nextEpoch;

  // Guarded by this.
  private State state = State.IDLE;
  private long sinceEpoch;
  private int rounds;
  private int lastSize;
  private final BitSet written = new BitSet();
  private Step made;
  private CommittedEpoch committed;
  private boolean stopped;

  /**
   * Rounds over a machine whose leadership has not begun.
   *
   * @param partitions of the run's log
   */
  CloneRounds(ClonedMachine machine, CloneSettings settings, int partitions) {
    this.machine = machine;
    this.settings = settings;
    this.partitions = partitions;
  }

  /** vCPU thread: the leadership's first epoch is committed, and the machine is at its end. */
  void opened(long epoch) {
    machine.takeWrites();
    openedEpoch = epoch;
    nextEpoch = epoch + 1;
    tracker = new ChangeTracker(machine.pageCount(), epoch);
  }

  /** vCPU thread: an epoch is being closed, its digest was taken just now. */
  void marked(EpochDraft.Mark mark) {
    long epoch = nextEpoch++;
    Machine.Writes writes = machine.takeWrites();
    tracker.changed(writes.changed(), epoch);
    synchronized (this) {
      if (state == State.IDLE || stopped) {
        return;
      }
      written.or(writes.touched());
      if (state == State.WANTED) {
        make(epoch, mark);
      }
    }
  }

  private void make(long epoch, EpochDraft.Mark mark) {
    if (rounds == 0) {
      sinceEpoch = tracker.knowsSince(sinceEpoch) ? sinceEpoch : -1;
      made(new Step(new Round(first(), sinceEpoch), null));
    } else if (!isLogKnown(epoch)) {
      if (!written.isEmpty()) {
        made(new Step(new Round((BitSet) written.clone(), sinceEpoch), null));
      }
    } else if (isEnough()) {
      boolean tooMuch = written.cardinality() > settings.mostCutPages();
      made(new Step(null, tooMuch ? null : cut(epoch, mark)));
    } else {
      made(new Step(new Round((BitSet) written.clone(), sinceEpoch), null));
    }
  }

  private BitSet first() {
    return sinceEpoch < 0 ? machine.presentPages() : tracker.since(sinceEpoch);
  }

  /**
   * Where reading goes on behind an epoch is known when this leadership has written to every
   * partition.
   */
  private boolean isLogKnown(long epoch) {
    return epoch >= openedEpoch + partitions - 1;
  }

  private boolean isEnough() {
    int left = written.cardinality();
    boolean stuck = rounds >= ROUNDS_WITHOUT_JUDGEMENT && left > LEAST_PROGRESS * lastSize;
    return left <= settings.finalPages() || rounds >= settings.maxRounds() || stuck;
  }

  private Cut cut(long epoch, EpochDraft.Mark mark) {
    long begin = System.nanoTime();
    List<PageBatch> pages = new ArrayList<>();
    PageBatch.split(written, batch -> pages.add(PageBatch.copy(machine, batch)));
    byte[] machineState = machine.state();
    return new Cut(epoch, mark, pages, machineState, System.nanoTime() - begin);
  }

  private void made(Step step) {
    lastSize = written.cardinality();
    written.clear();
    rounds++;
    made = step;
    state = State.MADE;
    notifyAll();
  }

  /**
   * Copying thread: a snapshot is wanted.
   *
   * @param since epoch of a checkpoint whose unchanged pages may be left out, -1 if none
   */
  synchronized void begin(long since) {
    if (state != State.IDLE) {
      throw new IllegalStateException("a snapshot is being taken already");
    }
    sinceEpoch = since;
    rounds = 0;
    lastSize = 0;
    written.clear();
    committed = null;
    state = State.WANTED;
  }

  /** Copying thread: the round is copied, the next one may be made. */
  synchronized void copied() {
    state = State.WANTED;
  }

  /** Copying thread: no snapshot is being taken any more. */
  synchronized void end() {
    state = State.IDLE;
    written.clear();
    made = null;
  }

  /**
   * Copying thread: waits for the next round or the cut.
   *
   * @return null if there is none within {@code millis}, or there will be none
   */
  @SuppressWarnings("WaitNotInLoop") // The caller is the loop.
  synchronized Step awaitStep(long millis) throws InterruptedException {
    if (state != State.MADE && !stopped) {
      wait(millis);
    }
    return state == State.MADE && !stopped ? made : null;
  }

  /** Committer thread: an epoch is in the log. */
  synchronized void committed(CommittedEpoch epoch) {
    if (state == State.MADE && made.cut() != null && made.cut().epoch() == epoch.number()) {
      committed = epoch;
      notifyAll();
    }
  }

  /** Copying thread: waits until the cut's epoch is in the log; null if it will not be. */
  synchronized CommittedEpoch awaitCommitted() throws InterruptedException {
    while (committed == null && !stopped) {
      wait();
    }
    return committed;
  }

  /**
   * Copying thread: copies pages of a round.
   *
   * @return null if the machine is not there any more
   */
  PageBatch copy(int[] pages) {
    synchronized (copying) {
      return isStopped() ? null : PageBatch.copy(machine, pages);
    }
  }

  /** Copying thread: waits, but no longer than the leadership lasts; perhaps too short. */
  @SuppressWarnings("WaitNotInLoop") // The caller is the loop.
  synchronized void rest(long millis) throws InterruptedException {
    if (!stopped) {
      wait(millis);
    }
  }

  synchronized boolean isStopped() {
    return stopped;
  }

  synchronized int rounds() {
    return rounds;
  }

  /** Any thread: the leadership has ended; from now on the machine is not touched. */
  void stop() {
    synchronized (this) {
      stopped = true;
      notifyAll();
    }
    synchronized (copying) {
      // Whoever is copying is done with it.
      return;
    }
  }
}
