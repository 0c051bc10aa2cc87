package io.understudy.machine;

import io.understudy.schemas.GuestEvent;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * Random traffic for the ledger guest, recorded: commands in pieces, ticks early and late, marks
 * now and then.
 */
final class LedgerTraffic implements Director {
  private static final long TICK_NANOS = 10_000_000;
  private static final String[] COMMANDS = {
    "PING\r\n",
    "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n",
    "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n",
    "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n",
    "RANDOM\r\n",
    "TIME\r\n",
    "NONSENSE\r\n",
  };

  private final Recording recording;
  private final Random random;
  private final int commands;
  private String rest = "";
  private int sent;
  private int quietTicks;

  LedgerTraffic(Recording recording, long seed, int commands) {
    this.recording = recording;
    this.random = new Random(seed);
    this.commands = commands;
  }

  @Override
  public Turn atPosition(Machine machine) {
    if (random.nextInt(40) == 0) {
      recording.mark(machine);
    }
    // A busy guest gets something now and then, an idle one until it wakes.
    if (random.nextInt(30) == 0) {
      something(machine);
    }
    while (!machine.isRunnable()) {
      if (quietTicks > 5) {
        recording.mark(machine);
        return Turn.STOP;
      }
      something(machine);
    }
    return Turn.RUN;
  }

  private void something(Machine machine) {
    if (random.nextInt(3) == 0 || sent >= commands) {
      long edge = machine.nextTimerNanos();
      long to = edge == Long.MAX_VALUE ? machine.virtualNanos() + TICK_NANOS : edge;
      recording.record(machine, new GuestEvent.ClockAdvanced(to + random.nextInt(1000)));
      quietTicks += sent >= commands ? 1 : 0;
      return;
    }
    if (rest.isEmpty()) {
      rest = COMMANDS[random.nextInt(COMMANDS.length)];
    }
    int length = 1 + random.nextInt(rest.length());
    byte[] piece = rest.substring(0, length).getBytes(StandardCharsets.US_ASCII);
    rest = rest.substring(length);
    sent += rest.isEmpty() ? 1 : 0;
    recording.record(machine, new GuestEvent.ConsoleInput(piece));
  }

  @Override
  public long timeAsked(Machine machine) {
    return machine.virtualNanos();
  }

  @Override
  public Turn kicked(Machine machine) {
    return Turn.RUN;
  }
}
