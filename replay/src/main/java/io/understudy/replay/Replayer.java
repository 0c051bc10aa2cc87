package io.understudy.replay;

import io.understudy.log.Epoch;
import io.understudy.log.EpochSource;
import io.understudy.machine.Director;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineException;
import io.understudy.machine.StateDigest;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.time.Duration;

/**
 * The log as a {@link Director}: applies each event at its position and compares what the log says
 * of the machine there with what it is.
 *
 * <p>Owned by the vCPU thread.
 */
public final class Replayer implements Director {
  /** How long one look for the next epoch may take; bounds how late a wish to stop is seen. */
  private static final Duration POLL = Duration.ofMillis(20);

  /** Who follows the replay; called on the vCPU thread. */
  public interface Follower {
    /**
     * Whether to stop here, between two epochs. Asked again and again while the log has no more.
     */
    boolean stopHere();

    /** An epoch has been applied and verified; the machine stands at its end. */
    void applied(Epoch epoch, Machine machine);
  }

  private final EpochSource source;
  private final Follower follower;
  private volatile boolean stopRequested;

  private Epoch epoch;
  private int next;

  /** A replay that goes on where {@code source} stands. */
  public Replayer(EpochSource source, Follower follower) {
    this(source, follower, null);
  }

  /**
   * A replay that begins with an epoch that has been read already.
   *
   * @param first the last epoch that {@code source} returned, or null
   */
  public Replayer(EpochSource source, Follower follower, Epoch first) {
    this.source = source;
    this.follower = follower;
    this.epoch = first;
  }

  @Override
  public Turn atPosition(Machine machine) throws InterruptedException {
    for (; ; ) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted between two looks at the log");
      }
      if (stopRequested) {
        return Turn.STOP;
      }
      if (epoch == null) {
        if (follower.stopHere()) {
          return Turn.STOP;
        }
        epoch = source.poll(POLL);
        next = 0;
      } else if (nextRecord().position() == machine.position()) {
        take(nextRecord(), machine);
      } else {
        checkItCanArrive(machine);
        return Turn.RUN;
      }
    }
  }

  @Override
  public long timeAsked(Machine machine) {
    // The machine never runs without a next record: where it runs to has been read.
    EventRecord record = nextRecord();
    boolean here = record.position() == machine.position() + 1;
    return here && record.event() instanceof GuestEvent.TimeRead read
        ? read.nanos()
        : machine.virtualNanos();
  }

  @Override
  public Turn kicked(Machine machine) {
    return stopRequested ? Turn.STOP : Turn.RUN;
  }

  /**
   * Any thread: leaves the loop soon, wherever the machine is; it is then good for closing only.
   */
  public void stop() {
    stopRequested = true;
  }

  private EventRecord nextRecord() {
    return next < epoch.events().size() ? epoch.events().get(next) : epoch.markRecord();
  }

  private void take(EventRecord record, Machine machine) {
    if (!arrive(record, machine)) {
      return;
    }
    // Where all pieces of a state lead to is known with the last.
    if (!(record.event() instanceof GuestEvent.StateTransferred piece) || piece.isLast()) {
      requireLandmark(record, machine);
    }
    if (next < epoch.events().size()) {
      apply(record, machine);
      next++;
    } else {
      verify(record, epoch.mark(), machine);
      Epoch done = epoch;
      epoch = null;
      follower.applied(done, machine);
    }
  }

  private void requireLandmark(EventRecord record, Machine machine) {
    Landmark expected = new Landmark(record.rip(), record.registers());
    Landmark actual = machine.landmark();
    if (!expected.equals(actual)) {
      throw diverged(record, "landmark", expected.toString(), actual.toString());
    }
  }

  private boolean arrive(EventRecord record, Machine machine) {
    try {
      return machine.arrive(record.event(), record.rip());
    } catch (MachineException lost) {
      throw diverged(record, "place", "as recorded", lost.getMessage());
    }
  }

  /** A machine that cannot take an event is not the one that took it. */
  private void apply(EventRecord record, Machine machine) {
    try {
      machine.apply(record.event());
    } catch (MachineException | IllegalStateException refused) {
      throw diverged(record, "event", "as recorded", refused.getMessage());
    }
  }

  private void verify(EventRecord record, GuestEvent.EpochCommitted mark, Machine machine) {
    StateDigest expected =
        new StateDigest(mark.registersDigest(), mark.devicesDigest(), mark.memoryDigest());
    StateDigest actual = machine.digest();
    if (!expected.equals(actual)) {
      throw diverged(
          record,
          "digest of " + ReplayDivergenceException.parts(expected, actual),
          expected.toString(),
          actual.toString());
    }
    if (mark.outputOffset() != machine.outputOffset()) {
      throw diverged(
          record,
          "outputOffset",
          Long.toString(mark.outputOffset()),
          Long.toString(machine.outputOffset()));
    }
  }

  private void checkItCanArrive(Machine machine) {
    EventRecord record = nextRecord();
    if (record.position() < machine.position()) {
      throw diverged(
          record,
          "position",
          Long.toString(record.position()),
          machine.position() + " (already passed)");
    }
    if (!machine.isRunnable()) {
      String why = machine.ended().orElse("halted, and no interrupt can wake it");
      throw diverged(
          record, "position", Long.toString(record.position()), machine.position() + ": " + why);
    }
  }

  private ReplayDivergenceException diverged(
      EventRecord record, String what, String expected, String actual) {
    return new ReplayDivergenceException(
        "replay diverged: vm="
            + record.vm()
            + " run="
            + record.run()
            + " term="
            + record.term()
            + " epoch="
            + record.epoch()
            + " sequence="
            + record.sequence()
            + " position="
            + record.position()
            + " event="
            + record.event().typeName()
            + ": "
            + what
            + " expected="
            + expected
            + " actual="
            + actual
            + "; repeat with: understudy replay --vm "
            + record.vm()
            + " --verify --until-epoch "
            + record.epoch(),
        record.epoch(),
        record.event() instanceof GuestEvent.EpochCommitted && !what.equals("landmark"),
        what);
  }
}
