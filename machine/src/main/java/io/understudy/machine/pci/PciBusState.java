package io.understudy.machine.pci;

import io.understudy.machine.devices.Checks;

/**
 * Saved state of a {@link PciBus}.
 *
 * @param address configuration address register, as 0xCF8 reads it
 */
public record PciBusState(int address) {

  /** Refuses bits the register does not have. */
  public PciBusState {
    Checks.bits("address", address, PciBus.ADDRESS_MASK);
  }
}
