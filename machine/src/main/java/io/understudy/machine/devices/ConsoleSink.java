package io.understudy.machine.devices;

/** Receives what the guest writes to its serial console, one byte per call, on the vCPU thread. */
@FunctionalInterface
public interface ConsoleSink {

  /** Takes the next byte of the output; must neither block nor call back into the machine. */
  void accept(byte value);
}
