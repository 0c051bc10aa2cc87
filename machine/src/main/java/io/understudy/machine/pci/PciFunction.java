package io.understudy.machine.pci;

import io.understudy.machine.devices.PortDecoder;

/**
 * One function on the PCI bus: its configuration space, and as {@link PortDecoder} the I/O ports it
 * answers at now, as the guest has placed and enabled them.
 *
 * <p>Owned by the vCPU thread.
 */
public interface PciFunction extends PortDecoder {

  /**
   * Reads from configuration space.
   *
   * @param offset first byte, in [0, 255]
   * @param size 1, 2 or 4 bytes, all within one aligned group of 4
   * @return the value in the low {@code size * 8} bits, other bits are not looked at
   */
  int readConfig(int offset, int size);

  /** Writes to configuration space; the arguments are those of {@link #readConfig}. */
  void writeConfig(int offset, int size, int value);
}
