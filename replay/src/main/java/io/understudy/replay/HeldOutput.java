package io.understudy.replay;

import io.understudy.machine.MachineOutput;
import io.understudy.machine.MachineSnapshot;

/**
 * Where a standby's output is held until the log says that the world has it: after a promotion
 * exactly this has to be put out again. Called on the vCPU thread.
 */
public interface HeldOutput extends MachineOutput {
  @Override
  void frame(byte[] frame);

  /**
   * All console output that is held, for a checkpoint. Frames are not kept over a restart: a
   * network may lose them.
   */
  MachineSnapshot.Held held();

  /**
   * Starts anew with what a checkpoint held.
   *
   * @param framesSent network frames the guest has sent until then
   */
  void restore(MachineSnapshot.Held held, long framesSent);

  /** The world has the console output below {@code offset} and the frames before {@code frames}. */
  void released(long offset, long frames);
}
