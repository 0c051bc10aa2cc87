package io.understudy.machine.pci;

import io.understudy.machine.devices.Checks;

/**
 * Saved state of a {@link PciConfig}: what the guest can write.
 *
 * @param command command register, bits 0, 2 and 10
 * @param cacheLineSize cache line size register, 8 bits
 * @param latencyTimer latency timer register, 8 bits
 * @param windowPort address bits of BAR 0, a multiple of the window's size
 * @param interruptLine interrupt line register, 8 bits
 */
public record PciConfigState(
    int command, int cacheLineSize, int latencyTimer, int windowPort, int interruptLine) {

  /** Refuses bits the registers do not have. */
  public PciConfigState {
    Checks.bits("command", command, PciConfig.COMMAND_WRITABLE);
    Checks.register("cacheLineSize", cacheLineSize);
    Checks.register("latencyTimer", latencyTimer);
    Checks.bits("windowPort", windowPort, ~3);
    Checks.register("interruptLine", interruptLine);
  }
}
