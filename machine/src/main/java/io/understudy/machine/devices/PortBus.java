package io.understudy.machine.devices;

import static io.understudy.machine.devices.Checks.hex;

import java.util.Objects;

/**
 * Routes the guest's port accesses to the attached devices.
 *
 * <p>Owned by the vCPU thread. Has no state of its own besides the wiring, so it is not saved.
 *
 * <p>Ports are owned in two ways. {@linkplain #attach Attached} devices have fixed ports. All other
 * ports are offered to the {@linkplain #attachDecoder decoder}, behind which are the devices whose
 * ports the guest chooses; a guest that moves one of those over a fixed port does not reach it
 * there.
 *
 * <p>A 2- or 4-byte access goes to a device as a whole only if that device owns every port of it
 * and is wide enough; otherwise it is split into bytes from the lowest port upwards, as the ISA bus
 * does for 8-bit cards. Bytes nobody owns, and those beyond port 0xFFFF, read as 0xFF and are lost
 * when written.
 */
public final class PortBus {

  private static final int PORTS = 0x10000;

  private static final PortDecoder NO_DECODER = port -> null;

  private final PortDevice[] owners = new PortDevice[PORTS];
  private PortDecoder decoder = NO_DECODER;

  /**
   * Gives the ports from {@code firstPort} to {@code lastPort}, both included, to {@code device}.
   *
   * @throws IllegalArgumentException if the range is not within [0, 0xFFFF], or one of its ports is
   *     taken
   */
  public void attach(int firstPort, int lastPort, PortDevice device) {
    Objects.requireNonNull(device, "device");
    if (firstPort < 0 || lastPort >= PORTS || firstPort > lastPort) {
      throw new IllegalArgumentException(
          "port range must be within [0x0, 0xffff] and not be reversed: firstPort="
              + hex(firstPort)
              + " lastPort="
              + hex(lastPort));
    }
    // Look at all ports before taking the first, so that a refused device owns none of them.
    for (int port = firstPort; port <= lastPort; port++) {
      if (owners[port] != null) {
        throw new IllegalArgumentException(
            "port is taken: port="
                + hex(port)
                + " owner="
                + owners[port].getClass().getSimpleName()
                + " refused="
                + device.getClass().getSimpleName());
      }
    }
    for (int port = firstPort; port <= lastPort; port++) {
      owners[port] = device;
    }
  }

  /**
   * Asks {@code decoder}, at every access, for the owner of a port that no device is attached to.
   *
   * @throws IllegalStateException if there is a decoder already
   */
  public void attachDecoder(PortDecoder decoder) {
    Objects.requireNonNull(decoder, "decoder");
    if (this.decoder != NO_DECODER) {
      throw new IllegalStateException(
          "the bus has a decoder already: refused=" + decoder.getClass().getSimpleName());
    }
    this.decoder = decoder;
  }

  /**
   * Reads {@code size} bytes (1, 2 or 4) from a port.
   *
   * @return the value in the low {@code size * 8} bits, all other bits 0
   */
  public int in(int port, int size) {
    check(port, size);
    PortDevice device = ownerOf(port);
    if (isWhole(device, port, size)) {
      return device.in(port, size) & mask(size);
    }
    int value = 0;
    for (int i = 0; i < size; i++) {
      PortDevice owner = ownerOf(port + i);
      int part = owner == null ? 0xFF : owner.in(port + i, 1) & 0xFF;
      value |= part << (8 * i);
    }
    return value;
  }

  /** Writes the low {@code size} bytes (1, 2 or 4) of {@code value} to a port. */
  public void out(int port, int size, int value) {
    check(port, size);
    PortDevice device = ownerOf(port);
    if (isWhole(device, port, size)) {
      device.out(port, size, value & mask(size));
      return;
    }
    for (int i = 0; i < size; i++) {
      PortDevice owner = ownerOf(port + i);
      if (owner != null) {
        owner.out(port + i, 1, (value >>> (8 * i)) & 0xFF);
      }
    }
  }

  private boolean isWhole(PortDevice device, int port, int size) {
    if (device == null || size > device.widthBytes()) {
      return false;
    }
    for (int i = 1; i < size; i++) {
      if (ownerOf(port + i) != device) {
        return false;
      }
    }
    return true;
  }

  private PortDevice ownerOf(int port) {
    if (port >= PORTS) {
      return null;
    }
    PortDevice fixed = owners[port];
    return fixed != null ? fixed : decoder.ownerOf(port);
  }

  private static int mask(int size) {
    return size == 4 ? -1 : (1 << (8 * size)) - 1;
  }

  private static void check(int port, int size) {
    if (port < 0 || port >= PORTS) {
      throw new IllegalArgumentException("port must be in [0x0, 0xffff]: port=" + hex(port));
    }
    if (size != 1 && size != 2 && size != 4) {
      throw new IllegalArgumentException(
          "access size must be 1, 2 or 4 bytes: port=" + hex(port) + " size=" + size);
    }
  }
}
