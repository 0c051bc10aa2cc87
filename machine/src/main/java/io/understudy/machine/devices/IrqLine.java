package io.understudy.machine.devices;

/**
 * An interrupt request wire from a device to the interrupt controller; driven by the vCPU thread.
 */
@FunctionalInterface
public interface IrqLine {

  /** Puts the wire to high ({@code true}) or low; repeating a level is allowed. */
  void set(boolean level);
}
