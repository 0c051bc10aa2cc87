package io.understudy.machine;

import io.understudy.schemas.GuestEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/**
 * A ledger guest that computes while ticks come, recorded: each kick names the place where the
 * guest stands and lets a tick in, as often as the clock knows a name for it.
 */
final class BurnTraffic implements Director {
  private static final int BURN_MILLIS = 30;

  /** How the place is named where a guest was kicked. */
  enum Naming {
    COUNT,
    TRANSFER,
    /** Now this, now that. */
    BOTH
  }

  private final Recording recording;
  private final Random random;
  private final Naming naming;
  private boolean burning;
  private int quietTicks;
  int preemptions;
  int transfers;

  BurnTraffic(Recording recording, long seed, Naming naming) {
    this.recording = recording;
    this.random = new Random(seed);
    this.naming = naming;
  }

  @Override
  public Turn atPosition(Machine machine) {
    if (random.nextInt(20) == 0) {
      recording.mark(machine);
    }
    while (!machine.isRunnable()) {
      if (!burning && machine.nextTimerNanos() != Long.MAX_VALUE) {
        burning = true;
        // Goes from the last byte of an answer to computing without an exit in between.
        recording.record(machine, new GuestEvent.ConsoleInput(line("INCR n")));
        recording.record(machine, new GuestEvent.ConsoleInput(line("BURN " + BURN_MILLIS)));
        recording.record(machine, new GuestEvent.ConsoleInput(line("RANDOM")));
      } else if (quietTicks++ > 5) {
        recording.mark(machine);
        return Turn.STOP;
      } else {
        tick(machine);
      }
    }
    return Turn.RUN;
  }

  @Override
  public Turn kicked(Machine machine) {
    boolean counts = naming == Naming.COUNT || (naming == Naming.BOTH && random.nextBoolean());
    OptionalLong instructions = counts ? machine.instructions() : OptionalLong.empty();
    if (instructions.isPresent()) {
      preemptions++;
      recording.record(machine, new GuestEvent.Preempted(instructions.getAsLong()));
    } else if (naming != Naming.COUNT) {
      List<GuestEvent.StateTransferred> pieces = machine.transfer();
      if (pieces.isEmpty()) {
        return Turn.RUN;
      }
      transfers++;
      pieces.forEach(piece -> recording.record(machine, piece));
    } else {
      return Turn.RUN;
    }
    if (random.nextInt(4) > 0) {
      tick(machine);
    }
    return Turn.LOOK;
  }

  private void tick(Machine machine) {
    long edge = machine.nextTimerNanos();
    long to = edge == Long.MAX_VALUE ? machine.virtualNanos() + 10_000_000 : edge;
    recording.record(machine, new GuestEvent.ClockAdvanced(to));
  }

  private static byte[] line(String text) {
    return (text + "\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public long timeAsked(Machine machine) {
    return machine.virtualNanos();
  }
}
