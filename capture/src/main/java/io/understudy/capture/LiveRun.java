package io.understudy.capture;

import io.understudy.capture.snapshot.CloneSettings;
import io.understudy.capture.snapshot.SnapshotTaker;
import io.understudy.log.CrashPoint;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineSnapshot;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One leadership of one machine in the live world, from the moment it holds the log to its end: by
 * request, by the guest's own shutdown, or because the log is no longer ours.
 *
 * <p>{@link #open} and {@link #run} belong to the vCPU thread; {@link #offerInput} and {@link
 * #stop} may be called by any.
 */
public final class LiveRun {
  private static final long COMMITTER_EXIT_MS = 5_000;

  private final Machine machine;
  private final EpochLog log;
  private final OutputGate gate;
  private final CaptureSettings settings;
  private final HostClock clock;
  private final HandOver handOver = new HandOver();
  private final CaptureStatistics statistics = new CaptureStatistics();
  private SnapshotTaker snapshots;
  private final Pace pace = new Pace();
  private boolean proven;
  private EpochDraft.Mark opening;
  private boolean hasOwnTime;

  /**
   * A leadership that has not begun.
   *
   * @param log where this process holds the only right to write; not closed here
   */
  public LiveRun(
      Machine machine, EpochLog log, OutputGate gate, CaptureSettings settings, HostClock clock) {
    this.machine = machine;
    this.log = log;
    this.gate = gate;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Makes it possible to take snapshots of the machine while it runs; called before {@link #open}.
   *
   * @param header the run's first event
   * @param console the console output that the world may not have; asked by the vCPU thread
   * @param node name of this node
   */
  public SnapshotTaker enableSnapshots(
      EventRecord header,
      Supplier<MachineSnapshot.Held> console,
      CloneSettings cloning,
      String node) {
    snapshots = new SnapshotTaker(machine, header, console, cloning, node, handOver::wantProof);
    return snapshots;
  }

  /**
   * Commits the leadership's first epoch, which holds {@code first} alone: only then is it one.
   *
   * @param first RunStarted of a new run, TermStarted of a successor
   */
  public void open(GuestEvent first) {
    Landmark landmark = machine.landmark();
    EpochDraft.Entry entry =
        new EpochDraft.Entry(machine.position(), landmark.rip(), landmark.registers(), first);
    opening = Marks.of(machine, gate);
    CrashPoint.BEFORE_OPEN.pass();
    long begin = clock.nanoTime();
    long number = log.commit(new EpochDraft(List.of(entry), opening)).number();
    long took = clock.nanoTime() - begin;
    CrashPoint.AFTER_OPEN.pass();
    statistics.committed(number, machine.position(), 1, TimeUnit.NANOSECONDS.toMicros(took));
    proven = took <= settings.outputLease().toNanos();
    if (snapshots != null) {
      snapshots.opened(number);
    }
  }

  /**
   * Runs the machine until something ends the leadership. The machine is then good for closing
   * only.
   *
   * @return why it ended
   */
  public StopReason run() throws InterruptedException {
    ComputeWatch watch = new ComputeWatch(settings.interruptDelay(), machine::kick);
    Recorder recorder =
        new Recorder(
            settings,
            clock,
            guestClock(),
            handOver,
            gate,
            statistics,
            watch,
            snapshots == null ? mark -> {} : snapshots::marked,
            pace,
            machine);
    EpochCommitter committer =
        new EpochCommitter(
            log,
            handOver,
            gate,
            clock,
            statistics,
            settings,
            snapshots == null ? epoch -> {} : snapshots::committed,
            machine::kick);
    // What the log already holds may leave now, if the first epoch's commit has just proved the
    // term.
    CrashPoint.BEFORE_FIRST_RELEASE.pass();
    if (proven) {
      gate.committed(opening);
    } else {
      handOver.wantProof();
    }
    Thread thread = new Thread(committer, "committer");
    thread.start();
    if (machine.config().clock().preempts()) {
      watch.start();
    }
    try {
      MachineLoop.run(machine, recorder);
      StopReason reason = handOver.stopped();
      if (reason.kind() == StopReason.Kind.GUEST_ENDED) {
        gate.finish(reason.message());
      }
    } catch (RuntimeException | Error failure) {
      handOver.stop(new StopReason(StopReason.Kind.FAILED, failure.toString()));
      throw failure;
    } finally {
      gate.stop("this node no longer leads");
      if (snapshots != null) {
        snapshots.stop();
      }
      handOver.stop(new StopReason(StopReason.Kind.REQUESTED, "the machine's loop has ended"));
      thread.interrupt();
      watch.stop();
      thread.join(COMMITTER_EXIT_MS);
    }
    return handOver.stopped();
  }

  private GuestClock guestClock() {
    return hasOwnTime
        ? GuestClock.own(clock, machine.virtualNanos(), settings.guestSpeed())
        : new GuestClock(
            clock,
            machine.config().wallClockEpochMillis(),
            machine.virtualNanos(),
            settings.guestSpeed());
  }

  /**
   * Before {@link #run}: the guest's time goes on where it stands, not where the wall clock is, as
   * it must in a run that stood still once.
   */
  public void keepOwnTime() {
    hasOwnTime = true;
  }

  /**
   * The guest stands still from its next exit on, and its time with it, until {@link #resume};
   * everything that it did is committed. Any thread.
   */
  public void pause() {
    handOver.life().pause();
    machine.kick();
  }

  /** The guest goes on. Any thread. */
  public void resume() {
    handOver.life().resume();
  }

  /** Like {@link #pause}, but for {@code most} at most: a successor is about to take over. */
  public void standAside(Duration most) {
    handOver.life().standAside(clock.nanoTime() + most.toNanos());
    machine.kick();
  }

  /**
   * Ends the run for good: it is recorded, and what the guest said until then leaves. Any thread.
   *
   * @param reason begins with what {@link GuestEvent.RunEnded#ORDERED} says
   */
  public void endRun(String reason) {
    handOver.life().end(reason);
    machine.kick();
  }

  /**
   * Who is told when the guest stands still with everything committed (true), and when it goes on
   * (false); called by the vCPU thread.
   */
  public void onStill(Consumer<Boolean> told) {
    handOver.life().onChange(told);
  }

  /**
   * Console input from outside.
   *
   * @param offset of its first byte in all input of the run
   * @return false if there is no room now
   */
  public boolean offerInput(long offset, byte[] bytes) {
    return handOver.offerInput(offset, bytes);
  }

  /** A network frame from outside; lost, as in any network, if there is no room now. */
  public void offerFrame(byte[] frame) {
    handOver.offerFrame(frame);
  }

  /** Ends the leadership soon; what is not yet committed is not released. */
  public void stop(String why) {
    handOver.stop(new StopReason(StopReason.Kind.REQUESTED, why));
    machine.kick();
  }

  /** Like {@link #stop}, but nobody asked for it: something that a leader needs has failed. */
  public void fail(String why) {
    handOver.stop(new StopReason(StopReason.Kind.FAILED, why));
    machine.kick();
  }

  /** How much of the time the guest has to stand still; any thread may change it. */
  public Pace pace() {
    return pace;
  }

  /** Console input that the guest has not got yet, bytes; any thread. */
  public int waitingInputBytes() {
    return handOver.waitingInputBytes();
  }

  /** Frames from outside that were lost because too many waited for the guest; any thread. */
  public long framesLost() {
    return handOver.framesLost();
  }

  /** Figures of this leadership. */
  public CaptureStatistics statistics() {
    return statistics;
  }
}
