package io.understudy.machine;

import io.understudy.schemas.GuestEvent;
import java.util.ArrayList;
import java.util.List;

/** What a test recorded of a machine, in memory, and the director that replays it. */
final class Recording {
  /** An event, or a mark if {@code event} is null. */
  record Step(long position, Landmark landmark, GuestEvent event, StateDigest digest) {}

  final List<Step> steps = new ArrayList<>();

  void record(Machine machine, GuestEvent event) {
    steps.add(new Step(machine.position(), machine.landmark(), event, null));
    machine.apply(event);
  }

  void mark(Machine machine) {
    steps.add(new Step(machine.position(), machine.landmark(), null, machine.digest()));
  }

  /** Replays from {@code first} on, comparing everything, to the last step. */
  Director replayFrom(int first) {
    return new Director() {
      private int next = first;

      @Override
      public Turn atPosition(Machine machine) {
        while (next < steps.size() && steps.get(next).position() == machine.position()) {
          Step step = steps.get(next);
          boolean isPiece =
              step.event() instanceof GuestEvent.StateTransferred piece && !piece.isLast();
          if (step.event() != null && !machine.arrive(step.event(), step.landmark().rip())) {
            continue;
          }
          next++;
          if (!isPiece) {
            require("landmark", step, step.landmark(), machine.landmark());
          }
          if (step.event() == null) {
            require("digest", step, step.digest(), machine.digest());
          } else {
            machine.apply(step.event());
          }
        }
        if (next == steps.size()) {
          return Turn.STOP;
        }
        if (!machine.isRunnable()) {
          throw new AssertionError("cannot reach " + steps.get(next));
        }
        return Turn.RUN;
      }

      @Override
      public long timeAsked(Machine machine) {
        Step step = steps.get(next);
        return step.position() == machine.position() + 1
                && step.event() instanceof GuestEvent.TimeRead read
            ? read.nanos()
            : machine.virtualNanos();
      }

      @Override
      public Turn kicked(Machine machine) {
        return Turn.RUN;
      }
    };
  }

  private static void require(String what, Step step, Object expected, Object actual) {
    if (!expected.equals(actual)) {
      throw new AssertionError(
          what + " differs at " + step + ": expected=" + expected + " actual=" + actual);
    }
  }
}
