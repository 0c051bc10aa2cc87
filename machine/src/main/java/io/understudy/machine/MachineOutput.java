package io.understudy.machine;

import io.understudy.machine.devices.ConsoleSink;

/** Takes what a machine puts out, on the vCPU thread; must neither block nor call back. */
@FunctionalInterface
public interface MachineOutput extends ConsoleSink {
  /** Throws everything away. */
  MachineOutput NONE = value -> {};

  /**
   * The guest sent a frame to the network, which is the receiver's to keep; nobody listens here.
   */
  default void frame(byte[] frame) {}
}
