package io.understudy.machine.devices;

/**
 * Finds the device behind a port that has no fixed owner: the decoder of devices that the guest can
 * place where it likes. Called by the vCPU thread, possibly several times for one access.
 */
@FunctionalInterface
public interface PortDecoder {

  /**
   * The device that answers at {@code port}, an absolute number in [0, 0xFFFF]; null if none does.
   */
  PortDevice ownerOf(int port);
}
