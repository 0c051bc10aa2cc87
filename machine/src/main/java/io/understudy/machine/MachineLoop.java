package io.understudy.machine;

import io.understudy.machine.Director.Turn;

/** The one loop that runs machines, for capture and replay alike. Run by the vCPU thread. */
public final class MachineLoop {
  private MachineLoop() {}

  /**
   * Runs {@code machine} until {@code director} says stop. The machine is then either at a position
   * or, if the director stopped it after a kick, between two positions and good only for closing or
   * for running on.
   *
   * @throws InterruptedException if the thread is interrupted while the director waits
   * @throws MachineException if the guest did what no machine can do
   */
  public static void run(Machine machine, Director director) throws InterruptedException {
    for (; ; ) {
      if (director.atPosition(machine) == Turn.STOP) {
        return;
      }
      Turn turn = Turn.RUN;
      while (turn == Turn.RUN && !machine.advance(director)) {
        turn = director.kicked(machine);
      }
      if (turn == Turn.STOP) {
        return;
      }
    }
  }
}
