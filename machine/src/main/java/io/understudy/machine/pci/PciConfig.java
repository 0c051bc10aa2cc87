package io.understudy.machine.pci;

import io.understudy.machine.devices.Checks;

/**
 * Configuration space of a function with one I/O window (BAR 0) and one interrupt pin (INTA),
 * header type 0, without capabilities.
 *
 * <p>Owned by the vCPU thread. The guest can write: in the command register I/O decoding (bit 0),
 * bus mastering (bit 2, without effect) and interrupt disable (bit 10); cache line size, latency
 * timer and interrupt line (all without effect); and the address bits of BAR 0, all 32 of them, of
 * which only addresses below 0x10000 are ever decoded. Writing all ones to BAR 0 therefore shows
 * its size.
 *
 * <p>At power-on the window is placed and enabled and the interrupt line is filled in, as firmware
 * leaves them. Source: PCI Local Bus 3.0, chapter 6.
 */
public final class PciConfig {

  private static final int REGISTERS = 16;
  private static final int PORTS = 0x10000;

  private static final int COMMAND = 1;
  private static final int CACHE_AND_LATENCY = 3;
  private static final int BAR0 = 4;
  private static final int INTERRUPT = 15;

  private static final int COMMAND_IO = 0x0001;
  private static final int COMMAND_BUS_MASTER = 0x0004;
  private static final int COMMAND_INTERRUPT_DISABLE = 0x0400;
  private static final int STATUS_INTERRUPT = 0x0008_0000;

  static final int COMMAND_WRITABLE = COMMAND_IO | COMMAND_BUS_MASTER | COMMAND_INTERRUPT_DISABLE;

  private static final int BAR_IS_IO = 1;
  private static final int PIN_INTA = 1;

  private final int[] registers = new int[REGISTERS];
  private final int[] writable = new int[REGISTERS];
  private final int windowBytes;
  private boolean interruptStatus;

  /** What a function is: numbers that never change. */
  public record Identity(
      int vendor, int device, int revision, int classCode, int subsystemVendor, int subsystem) {

    /** Refuses numbers that do not fit their registers. */
    public Identity {
      Checks.inRange("vendor", vendor, 0, 0xFFFE);
      Checks.inRange("device", device, 0, 0xFFFF);
      Checks.register("revision", revision);
      Checks.bits("classCode", classCode, 0xFF_FFFF);
      Checks.inRange("subsystemVendor", subsystemVendor, 0, 0xFFFF);
      Checks.inRange("subsystem", subsystem, 0, 0xFFFF);
    }
  }

  /**
   * Makes a configuration space in its power-on state.
   *
   * @param windowBytes size of the I/O window, a power of two in [4, 256]
   * @param windowPort first port of the window, a multiple of its size
   * @param irq interrupt line, 0 to 15
   */
  public PciConfig(Identity identity, int windowBytes, int windowPort, int irq) {
    Checks.inRange("windowBytes", windowBytes, 4, 256);
    if (Integer.bitCount(windowBytes) != 1) {
      throw new IllegalArgumentException(
          "window must be a power of two: windowBytes=" + windowBytes);
    }
    Checks.bits("windowPort", windowPort, (PORTS - 1) & -windowBytes);
    Checks.inRange("irq", irq, 0, 15);
    this.windowBytes = windowBytes;
    registers[0] = identity.device() << 16 | identity.vendor();
    registers[COMMAND] = COMMAND_IO;
    registers[2] = identity.classCode() << 8 | identity.revision();
    registers[BAR0] = windowPort | BAR_IS_IO;
    registers[11] = identity.subsystem() << 16 | identity.subsystemVendor();
    registers[INTERRUPT] = PIN_INTA << 8 | irq;
    writable[COMMAND] = COMMAND_WRITABLE;
    writable[CACHE_AND_LATENCY] = 0xFFFF;
    writable[BAR0] = -windowBytes;
    writable[INTERRUPT] = 0xFF;
  }

  /** Reads as {@link PciFunction#readConfig} says. */
  public int read(int offset, int size) {
    int index = offset >> 2;
    if (index >= REGISTERS) {
      return 0;
    }
    int value = registers[index];
    if (index == COMMAND && interruptStatus) {
      value |= STATUS_INTERRUPT;
    }
    return value >>> (8 * (offset & 3));
  }

  /** Writes as {@link PciFunction#writeConfig} says. */
  public void write(int offset, int size, int value) {
    int index = offset >> 2;
    if (index >= REGISTERS) {
      return;
    }
    int shift = 8 * (offset & 3);
    int accessed = (size == 4 ? -1 : (1 << (8 * size)) - 1) << shift;
    int mask = writable[index] & accessed;
    registers[index] = (registers[index] & ~mask) | ((value << shift) & mask);
  }

  /** Whether the I/O window covers {@code port} and is enabled. */
  public boolean decodes(int port) {
    int offset = port - windowPort();
    return (registers[COMMAND] & COMMAND_IO) != 0 && offset >= 0 && offset < windowBytes;
  }

  /**
   * First port of the I/O window as the guest has placed it; negative, or beyond 0xFFFF, where no
   * port is.
   */
  public int windowPort() {
    return registers[BAR0] & -windowBytes;
  }

  /** Whether the function may pull its interrupt pin. */
  public boolean isInterruptEnabled() {
    return (registers[COMMAND] & COMMAND_INTERRUPT_DISABLE) == 0;
  }

  /** Sets status bit 3, which shows an interrupt even while it is disabled; it is not saved. */
  public void setInterruptStatus(boolean pending) {
    interruptStatus = pending;
  }

  /** Everything the guest can change. */
  public PciConfigState save() {
    return new PciConfigState(
        registers[COMMAND] & COMMAND_WRITABLE,
        registers[CACHE_AND_LATENCY] & 0xFF,
        (registers[CACHE_AND_LATENCY] >> 8) & 0xFF,
        registers[BAR0] & -windowBytes,
        registers[INTERRUPT] & 0xFF);
  }

  /**
   * Replaces everything the guest can change.
   *
   * @throws IllegalArgumentException if the saved window was of a smaller size
   */
  public void restore(PciConfigState state) {
    Checks.bits("windowPort", state.windowPort(), -windowBytes);
    registers[COMMAND] = state.command();
    registers[CACHE_AND_LATENCY] = state.latencyTimer() << 8 | state.cacheLineSize();
    registers[BAR0] = state.windowPort() | BAR_IS_IO;
    registers[INTERRUPT] = (registers[INTERRUPT] & ~0xFF) | state.interruptLine();
  }
}
