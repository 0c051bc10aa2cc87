package io.understudy.replay;

import io.understudy.machine.devices.ConsoleSink;

/**
 * Where a standby's console output is held until the log says that the world has it: after a
 * promotion exactly this has to be said again. Called on the vCPU thread.
 */
public interface ReplayConsole extends ConsoleSink {
  /**
   * What is held.
   *
   * @param start offset of the first byte
   * @param bytes all bytes from there to the end of the output
   */
  @SuppressWarnings("ArrayRecordComponent") // A carrier between two owners, never compared.
  record Held(long start, byte[] bytes) {}

  /** Everything held, for a checkpoint. */
  Held held();

  /** Starts anew with what a checkpoint held. */
  void restore(Held held);

  /** The world has the output below {@code offset}. */
  void released(long offset);
}
