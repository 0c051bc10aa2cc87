package io.understudy.capture;

import io.understudy.machine.Director;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineLoop;
import io.understudy.schemas.GuestEvent;
import java.time.Duration;

/**
 * A machine in the live world that nobody protects: time and input are let in as a primary lets
 * them in, but nothing is written down, digested or committed, and what the guest puts out leaves
 * at once. For trying out whether a guest runs at all, and for measuring what protection costs.
 *
 * <p>{@link #run} belongs to the vCPU thread; {@link #offerInput}, {@link #offerFrame} and {@link
 * #stop} may be called by any.
 */
public final class UnrecordedRun {
  private final Machine machine;
  private final HostClock host;
  private final long timeResolutionNanos;
  private final double guestSpeed;
  private final ComputeWatch watch;
  private final HandOver handOver = new HandOver();
  private long inputOffset;

  /**
   * A run that has not begun.
   *
   * @param timeResolution how old the time may be that the guest reads, as in {@link
   *     CaptureSettings}
   * @param guestSpeed how fast the guest's clock runs, as there
   */
  public UnrecordedRun(
      Machine machine, HostClock host, Duration timeResolution, double guestSpeed) {
    this.machine = machine;
    this.host = host;
    this.timeResolutionNanos = timeResolution.toNanos();
    this.guestSpeed = guestSpeed;
    this.watch = new ComputeWatch(CaptureSettings.DEFAULT.interruptDelay(), machine::kick);
  }

  /**
   * Runs the machine until it ends or is stopped. It is then good for closing only.
   *
   * @return why it ended
   */
  public StopReason run() throws InterruptedException {
    GuestClock clock =
        new GuestClock(
            host, machine.config().wallClockEpochMillis(), machine.virtualNanos(), guestSpeed);
    // Whatever the host offers: nobody has to find a place again.
    watch.start();
    try {
      MachineLoop.run(machine, new Outside(clock));
    } finally {
      watch.stop();
    }
    return handOver.stopped();
  }

  /**
   * Console input.
   *
   * @param bytes 1 to {@link GuestEvent.ConsoleInput#MAX_BYTES} bytes
   * @return false if there is no room now
   */
  public synchronized boolean offerInput(byte[] bytes) {
    if (!handOver.offerInput(inputOffset, bytes)) {
      return false;
    }
    inputOffset += bytes.length;
    return true;
  }

  /** A network frame; lost, as in any network, if there is no room now. */
  public void offerFrame(byte[] frame) {
    handOver.offerFrame(frame);
  }

  /** Ends the run soon. */
  public void stop(String why) {
    handOver.stop(new StopReason(StopReason.Kind.REQUESTED, why));
    machine.kick();
  }

  /** Lets in what comes. Owned by the vCPU thread. */
  private final class Outside implements Director {
    private final GuestClock clock;

    private Outside(GuestClock clock) {
      this.clock = clock;
    }

    private long now() {
      return clock.nanosAt(host.nanoTime());
    }

    @Override
    public long timeAsked(Machine asking) {
      long moment = GuestTicks.shown(asking, now());
      long virtual = asking.virtualNanos();
      return moment - virtual < timeResolutionNanos ? virtual : moment;
    }

    @Override
    public Turn atPosition(Machine at) throws InterruptedException {
      for (; ; ) {
        at.ended()
            .ifPresent(why -> handOver.stop(new StopReason(StopReason.Kind.GUEST_ENDED, why)));
        if (handOver.stopped() != null) {
          return Turn.STOP;
        }
        long now = now();
        letTimePass(at, now);
        letInputIn(at, now);
        letFramesIn(at, now);
        if (at.isRunnable()) {
          watch.enters();
          return Turn.RUN;
        }
        watch.leaves();
        handOver.awaitChange(
            Math.max(0, clock.hostNanos(GuestTicks.nanosUntilEdge(at, now()))),
            at.inputRoom() >= GuestEvent.ConsoleInput.MAX_BYTES,
            at.canReceiveFrame(),
            false);
      }
    }

    @Override
    public Turn kicked(Machine at) {
      if (handOver.stopped() != null) {
        return Turn.STOP;
      }
      at.stopUnrecorded();
      return Turn.LOOK;
    }

    private void letTimePass(Machine at, long now) {
      long edge = GuestTicks.edge(at, now);
      if (GuestTicks.isEdgeDue(at, edge, now)) {
        at.apply(new GuestEvent.ClockAdvanced(edge));
      }
    }

    private void letInputIn(Machine at, long now) {
      HandOver.Input input = handOver.pollInput(at.inputRoom());
      while (input != null) {
        stampMoment(at, now);
        at.apply(new GuestEvent.ConsoleInput(input.bytes()));
        input = handOver.pollInput(at.inputRoom());
      }
    }

    private void letFramesIn(Machine at, long now) {
      while (handOver.hasFrame() && at.canReceiveFrame()) {
        stampMoment(at, now);
        at.apply(new GuestEvent.FrameReceived(handOver.pollFrame()));
      }
    }

    private void stampMoment(Machine at, long now) {
      long moment = GuestTicks.momentOfInput(at, now);
      if (moment > at.virtualNanos()) {
        at.apply(new GuestEvent.ClockAdvanced(moment));
      }
    }
  }
}
