package io.understudy.machine.virtio;

import io.understudy.machine.devices.Checks;
import io.understudy.machine.pci.PciConfigState;
import java.util.List;
import java.util.Objects;

/**
 * Saved state of a {@link VirtioPci}.
 *
 * @param config PCI configuration space
 * @param guestFeatures feature bits the driver has accepted, of those offered
 * @param queueSelect queue select register, 16 bits
 * @param status device status register as the driver has written it, 8 bits without bit 6
 * @param interruptStatus interrupt status register, 2 bits
 * @param fault {@link VirtioFault#code()}
 * @param queues the queues, by number
 */
public record VirtioPciState(
    PciConfigState config,
    int guestFeatures,
    int queueSelect,
    int status,
    int interruptStatus,
    int fault,
    List<VirtqueueState> queues) {

  /** Refuses values the registers cannot hold. */
  public VirtioPciState {
    Objects.requireNonNull(config, "config");
    Checks.inRange("queueSelect", queueSelect, 0, 0xFFFF);
    Checks.bits("status", status, 0xBF);
    Checks.bits("interruptStatus", interruptStatus, VirtioPci.INTERRUPT_MASK);
    VirtioFault.ofCode(fault);
    queues = List.copyOf(queues);
  }
}
