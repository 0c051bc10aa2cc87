package io.understudy.machine.pci;

import io.understudy.machine.devices.Checks;
import io.understudy.machine.devices.PortBus;
import io.understudy.machine.devices.PortDecoder;
import io.understudy.machine.devices.PortDevice;
import io.understudy.machine.devices.ResetPort;
import java.util.Objects;

/**
 * PCI bus 0 behind configuration mechanism 1: a 4-byte write to 0xCF8 selects a register, 0xCFC to
 * 0xCFF are a window of 4 bytes on it.
 *
 * <p>Owned by the vCPU thread. The host bridge sits in slot 0, further devices have one function
 * each. Functions that do not exist read all ones and ignore writes, as do all other buses. I/O
 * ports are found by asking the functions in the order of their slots, so of two windows on the
 * same port the one of the lower slot wins, and every device with fixed ports wins over both.
 *
 * <p>Byte accesses to 0xCF9 are those to the reset control register, which lies across the address
 * register and belongs to {@link ResetPort}. All other accesses to 0xCF8 to 0xCFB that are not of 4
 * bytes do nothing and read all ones (Linux writes a byte to 0xCFB while probing). Source: PCI
 * Local Bus 3.0, 3.2.2.3.2; Linux arch/x86/pci/direct.c.
 */
public final class PciBus implements PortDevice, PortDecoder {

  /** Slots of the bus; 0 is the host bridge's. */
  public static final int SLOTS = 32;

  private static final int ADDRESS = 0xCF8;
  private static final int RESET_CONTROL = 0xCF9;
  private static final int DATA = 0xCFC;
  private static final int LAST_PORT = 0xCFF;

  private static final int ENABLED = 0x8000_0000;

  /** Enable, bus, slot, function and register; the others are reserved and read 0. */
  static final int ADDRESS_MASK = 0x80FF_FFFC;

  private final ResetPort resetPort;
  private final PciFunction[] functions = new PciFunction[SLOTS];
  private int address;

  /** Makes a bus with nothing but a host bridge. */
  public PciBus(ResetPort resetPort) {
    this.resetPort = Objects.requireNonNull(resetPort, "resetPort");
    functions[0] = new HostBridge();
  }

  /** Attaches the configuration ports, and the decoder of all ports nobody else has. */
  public void attachTo(PortBus ports) {
    ports.attach(ADDRESS, LAST_PORT, this);
    ports.attachDecoder(this);
  }

  /**
   * Puts a function into a slot, as function 0.
   *
   * @param slot 1 to 31
   * @throws IllegalArgumentException if the slot does not exist or is taken
   */
  public void add(int slot, PciFunction function) {
    Checks.inRange("slot", slot, 1, SLOTS - 1);
    Objects.requireNonNull(function, "function");
    if (functions[slot] != null) {
      throw new IllegalArgumentException("slot is taken: slot=" + slot);
    }
    functions[slot] = function;
  }

  @Override
  public PortDevice ownerOf(int port) {
    for (PciFunction function : functions) {
      PortDevice owner = function == null ? null : function.ownerOf(port);
      if (owner != null) {
        return owner;
      }
    }
    return null;
  }

  @Override
  public int widthBytes() {
    return 4;
  }

  @Override
  public int in(int port, int size) {
    check(port);
    if (port >= DATA) {
      PciFunction function = selected();
      return function == null ? -1 : function.readConfig(offset(port), size);
    }
    if (port == ADDRESS && size == 4) {
      return address;
    }
    return port == RESET_CONTROL && size == 1 ? resetPort.in(port, size) : -1;
  }

  @Override
  public void out(int port, int size, int value) {
    check(port);
    if (port >= DATA) {
      PciFunction function = selected();
      if (function != null) {
        function.writeConfig(offset(port), size, value);
      }
    } else if (port == ADDRESS && size == 4) {
      address = value & ADDRESS_MASK;
    } else if (port == RESET_CONTROL && size == 1) {
      resetPort.out(port, size, value);
    }
  }

  /** The function that the address register points at, null if there is none. */
  private PciFunction selected() {
    int busNumber = (address >> 16) & 0xFF;
    int functionNumber = (address >> 8) & 7;
    if ((address & ENABLED) == 0 || busNumber != 0 || functionNumber != 0) {
      return null;
    }
    return functions[(address >> 11) & (SLOTS - 1)];
  }

  private int offset(int port) {
    return (address & 0xFC) + (port - DATA);
  }

  private static void check(int port) {
    if (port < ADDRESS || port > LAST_PORT) {
      throw Checks.unknownPort("PCI bus", port);
    }
  }

  /** The state of the bus itself; functions are saved by their owners. */
  public PciBusState save() {
    return new PciBusState(address);
  }

  /** Replaces the state of the bus itself. */
  public void restore(PciBusState state) {
    address = state.address();
  }
}
