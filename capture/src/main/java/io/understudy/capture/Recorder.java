package io.understudy.capture;

import io.understudy.log.EpochDraft;
import io.understudy.machine.Director;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.schemas.GuestEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The live world as a {@link Director}: at each position it lets in the time that has passed and
 * the input that has come, writes both down, and closes epochs.
 *
 * <p>An epoch closes when output waits and the guest idles, and otherwise at a bound of age or
 * size. The guest does not wait for the commit; it stands still only when the log falls so far
 * behind that a bound is reached.
 *
 * <p>Owned by the vCPU thread.
 */
public final class Recorder implements Director {
  private static final long NO_TIME_READ = -1;

  /** Rests, of a millisecond each, at a place that has no name while something is due. */
  private static final int MOST_UNNAMED_RESTS = 20;

  /** Transferred state not yet handed to the committer with which the guest stands still. */
  private static final long STALL_BYTES = 64 << 20;

  /** How soon a guest that stands still notices that its last epoch is committed. */
  private static final long STILL_WAIT_NANOS = 10_000_000;

  /** How often the leader of a guest that stands still proves that it leads. */
  private static final long STILL_PROOF_NANOS = 1_000_000_000;

  private final CaptureSettings settings;
  private final HostClock host;
  private final GuestClock guestClock;
  private final HandOver handOver;
  private final Life life;
  private final OutputGate gate;
  private final CaptureStatistics statistics;
  private final Preemption preemption;
  private final ComputeWatch watch;
  private final Consumer<EpochDraft.Mark> onMark;
  private final Pace pace;
  private final long maxAgeNanos;
  private final long maxHoldNanos;
  private final long timeResolutionNanos;

  private List<EpochDraft.Entry> entries = new ArrayList<>();
  private long entryBytes;
  private long epochOpenedAt;
  private long sealedOutput;
  private long outputSince;
  private boolean outputWaiting;
  private boolean proofWanted;
  private boolean endRecorded;
  private boolean standsStill;
  private long lastProofAt;

  /**
   * Where {@link #timeAsked} has moved the clock to, to be recorded at the position it leads to.
   */
  private long timeRead = NO_TIME_READ;

  Recorder(
      CaptureSettings settings,
      HostClock host,
      GuestClock guestClock,
      HandOver handOver,
      OutputGate gate,
      CaptureStatistics statistics,
      ComputeWatch watch,
      Consumer<EpochDraft.Mark> onMark,
      Pace pace,
      Machine machine) {
    this.settings = settings;
    this.host = host;
    this.guestClock = guestClock;
    this.handOver = handOver;
    this.life = handOver.life();
    this.gate = gate;
    this.statistics = statistics;
    this.preemption = new Preemption(settings, host, statistics, machine);
    this.watch = watch;
    this.onMark = onMark;
    this.pace = pace;
    this.sealedOutput = output(machine);
    // A successor of who recorded it has only what the guest said to let out.
    this.endRecorded = machine.ended().isPresent();
    this.maxAgeNanos = settings.epochMaxAge().toNanos();
    this.maxHoldNanos = settings.outputMaxHold().toNanos();
    this.timeResolutionNanos = settings.timeResolution().toNanos();
  }

  /** How much of any kind the guest has put out; grows with each byte and frame. */
  private static long output(Machine machine) {
    return machine.outputOffset() + machine.framesSent();
  }

  @Override
  public long timeAsked(Machine machine) {
    long now = guestClock.nanosAt(host.nanoTime());
    long virtual = machine.virtualNanos();
    long moment = GuestTicks.shown(machine, now);
    if (moment - virtual < timeResolutionNanos) {
      return virtual;
    }
    timeRead = moment;
    return moment;
  }

  @Override
  public Turn atPosition(Machine machine) throws InterruptedException {
    watch.leaves();
    preemption.atExit();
    if (timeRead != NO_TIME_READ) {
      record(machine, new GuestEvent.TimeRead(timeRead));
      timeRead = NO_TIME_READ;
    }
    for (; ; ) {
      if (handOver.stopped() != null) {
        return Turn.STOP;
      }
      // Read once: this runs at every exit of the guest, and on some hosts a clock costs as much.
      long now = host.nanoTime();
      boolean still = life.isStillWanted(now);
      if (machine.ended().isPresent()) {
        finish(machine);
      } else if (life.wantedEnd() != null) {
        endRecorded = true;
        record(machine, new GuestEvent.RunEnded(life.wantedEnd()));
      } else if (still) {
        standStill(now);
      } else {
        goOn(now);
        letTimePass(machine, guestClock.nanosAt(now));
        letInputIn(machine);
        letFramesIn(machine);
      }
      closeEpochIfDue(machine, now);
      if (still && entries.isEmpty() && !outputWaiting && handOver.isCommitterIdle()) {
        life.became(true);
      }
      boolean stalled = isStalled() || pace.holds(now);
      if (machine.isRunnable() && !stalled && !still) {
        watch.enters();
        return Turn.RUN;
      }
      handOver.awaitChange(
          still ? STILL_WAIT_NANOS : waitNanos(machine, stalled),
          !still && isInputWelcome(machine),
          !still && machine.ended().isEmpty() && machine.canReceiveFrame(),
          isIdleAwaited());
    }
  }

  @Override
  public Turn kicked(Machine machine) {
    if (handOver.stopped() != null) {
      return Turn.STOP;
    }
    watch.leaves();
    boolean due = isSomethingDue(machine);
    List<? extends GuestEvent> names = due ? preemption.name(machine) : List.of();
    // A guest that computes stands still right here: where it is gets a name only if it needs one.
    // If it needs one and there is none, it must go on to a place that has one.
    int unnamed = 0;
    while (names.isEmpty() && unnamed <= MOST_UNNAMED_RESTS && pace.rests(host.nanoTime())) {
      if (handOver.stopped() != null) {
        return Turn.STOP;
      }
      due = isSomethingDue(machine);
      unnamed += due ? 1 : 0;
      names = due ? preemption.name(machine) : List.of();
    }
    names.forEach(event -> record(machine, event));
    entryBytes += Preemption.bytes(names);
    watch.enters();
    return names.isEmpty() ? Turn.RUN : Turn.LOOK;
  }

  private void standStill(long now) {
    if (!standsStill) {
      standsStill = true;
      lastProofAt = now;
      guestClock.stop(now);
    }
    // A guest that stands still commits nothing by itself, and who commits nothing never learns
    // that it has been replaced.
    if (now - lastProofAt >= STILL_PROOF_NANOS) {
      lastProofAt = now;
      proofWanted = true;
    }
  }

  private void goOn(long now) {
    if (standsStill) {
      standsStill = false;
      guestClock.resume(now);
      life.became(false);
    }
  }

  private boolean isSomethingDue(Machine machine) {
    long now = host.nanoTime();
    if (life.isStopWanted(now)) {
      return true;
    }
    long virtual = guestClock.nanosAt(now);
    proofWanted |= handOver.takeProofWanted();
    boolean tickDue =
        !machine.isTimerPending()
            && GuestTicks.isEdgeDue(machine, GuestTicks.edge(machine, virtual), virtual);
    return tickDue
        || handOver.hasInput(machine.inputRoom())
        || (handOver.hasFrame() && machine.canReceiveFrame())
        || machine.isInterruptOverdue()
        || (isDue(machine, now) && handOver.isCommitterIdle());
  }

  /** Records {@code event} at the machine's position and applies it. */
  void record(Machine machine, GuestEvent event) {
    if (entries.isEmpty()) {
      epochOpenedAt = host.nanoTime();
    }
    Landmark landmark = machine.landmark();
    entries.add(
        new EpochDraft.Entry(machine.position(), landmark.rip(), landmark.registers(), event));
    machine.apply(event);
  }

  private void letTimePass(Machine machine, long now) {
    long edge = GuestTicks.edge(machine, now);
    if (GuestTicks.isEdgeDue(machine, edge, now)) {
      statistics.tickDelayed(TimeUnit.NANOSECONDS.toMicros(guestClock.hostNanos(now - edge)));
      record(machine, new GuestEvent.ClockAdvanced(edge));
    }
  }

  private void letInputIn(Machine machine) {
    HandOver.Input input = handOver.pollInput(machine.inputRoom());
    while (input != null) {
      if (input.offset() != machine.inputOffset()) {
        throw new IllegalStateException(
            "console input out of order: offset="
                + input.offset()
                + " expected="
                + machine.inputOffset());
      }
      stampMoment(machine);
      record(machine, new GuestEvent.ConsoleInput(input.bytes()));
      input = handOver.pollInput(machine.inputRoom());
    }
  }

  private void letFramesIn(Machine machine) {
    // In this order: most exits find no frame, and the card's buffers are in guest memory.
    while (handOver.hasFrame() && machine.canReceiveFrame()) {
      stampMoment(machine);
      record(machine, new GuestEvent.FrameReceived(handOver.pollFrame()));
    }
  }

  /** The guest's timer then shows when an input came, to the nanosecond. */
  private void stampMoment(Machine machine) {
    long moment = GuestTicks.momentOfInput(machine, guestClock.nanosAt(host.nanoTime()));
    if (moment > machine.virtualNanos()) {
      record(machine, new GuestEvent.ClockAdvanced(moment));
    }
  }

  private void finish(Machine machine) {
    // In this order: the committer asks for a proof before it becomes idle.
    boolean idle = handOver.isCommitterIdle();
    proofWanted |= handOver.takeProofWanted();
    if (!endRecorded) {
      record(machine, new GuestEvent.RunEnded(machine.ended().orElseThrow()));
      endRecorded = true;
    } else if (entries.isEmpty() && idle && !proofWanted) {
      // What the guest said last arrives outside before the gate closes, see OutputGate.finish.
      handOver.stop(new StopReason(StopReason.Kind.GUEST_ENDED, machine.ended().orElseThrow()));
    }
  }

  private void closeEpochIfDue(Machine machine, long now) {
    if (!outputWaiting && output(machine) > sealedOutput) {
      outputWaiting = true;
      outputSince = now;
    }
    proofWanted |= handOver.takeProofWanted();
    if (isDue(machine, now) && handOver.isCommitterIdle()) {
      close(machine);
    }
  }

  private boolean isDue(Machine machine, long now) {
    if ((endRecorded && !entries.isEmpty()) || proofWanted) {
      return true;
    }
    if (life.isStillWanted(now) && (outputWaiting || !entries.isEmpty())) {
      return true;
    }
    if (outputWaiting) {
      return !machine.isRunnable() || now - outputSince >= maxHoldNanos;
    }
    return !entries.isEmpty()
        && (entries.size() >= settings.epochMaxEvents() || now - epochOpenedAt >= maxAgeNanos);
  }

  private void close(Machine machine) {
    EpochDraft.Mark mark = Marks.of(machine, gate);
    onMark.accept(mark);
    handOver.submit(new EpochDraft(entries, mark));
    entries = new ArrayList<>();
    entryBytes = 0;
    sealedOutput = output(machine);
    outputWaiting = false;
    proofWanted = false;
  }

  private boolean isStalled() {
    return entries.size() >= settings.stallEvents() || entryBytes >= STALL_BYTES || !gate.hasRoom();
  }

  private boolean isInputWelcome(Machine machine) {
    return machine.ended().isEmpty() && machine.inputRoom() >= GuestEvent.ConsoleInput.MAX_BYTES;
  }

  /** Whether the committer's becoming idle is something to wake up for. */
  private boolean isIdleAwaited() {
    return outputWaiting
        || endRecorded
        || proofWanted
        || (!handOver.isCommitterIdle() && !entries.isEmpty());
  }

  private long waitNanos(Machine machine, boolean stalled) {
    long limit = maxAgeNanos;
    if (stalled) {
      return Math.min(limit, 1_000_000);
    }
    if (machine.ended().isPresent()) {
      return limit;
    }
    long now = host.nanoTime();
    long untilTick =
        guestClock.hostNanos(GuestTicks.nanosUntilEdge(machine, guestClock.nanosAt(now)));
    long untilClose = entries.isEmpty() ? limit : epochOpenedAt + limit - now;
    // An epoch that is overdue waits for the committer, which wakes this thread.
    return Math.max(0, Math.min(untilTick, untilClose > 0 ? untilClose : limit));
  }
}
