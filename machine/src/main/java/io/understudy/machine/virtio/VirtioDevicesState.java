package io.understudy.machine.virtio;

import io.understudy.machine.pci.PciBusState;
import java.util.List;
import java.util.Objects;

/**
 * Saved state of {@link VirtioDevices}; each list is in the order in which the devices were added.
 *
 * @param bus the PCI bus
 * @param functions the PCI interfaces of all devices
 * @param blocks the disks' devices; what is on the disks is saved elsewhere
 * @param nets the network interfaces
 * @param consoles the consoles
 * @param rngs the entropy sources
 */
public record VirtioDevicesState(
    PciBusState bus,
    List<VirtioPciState> functions,
    List<VirtioBlockState> blocks,
    List<VirtioNetState> nets,
    List<VirtioConsoleState> consoles,
    List<VirtioRngState> rngs) {

  /** Copies the lists. */
  public VirtioDevicesState {
    Objects.requireNonNull(bus, "bus");
    functions = List.copyOf(functions);
    blocks = List.copyOf(blocks);
    nets = List.copyOf(nets);
    consoles = List.copyOf(consoles);
    rngs = List.copyOf(rngs);
  }
}
