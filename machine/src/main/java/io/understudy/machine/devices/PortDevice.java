package io.understudy.machine.devices;

/**
 * A device with I/O ports.
 *
 * <p>Owned by the vCPU thread. Ports are absolute numbers, sizes are bytes. A device is only called
 * for ports it was attached to and never with an access wider than {@link #widthBytes()}; being
 * called otherwise is a fault of the caller and refused with {@link IllegalArgumentException}.
 */
public interface PortDevice {

  /**
   * Reads from a port.
   *
   * @param size 1, 2 or 4 bytes, at most {@link #widthBytes()}
   * @return the value in the low {@code size * 8} bits, all other bits 0 (a 4-byte value uses the
   *     sign bit)
   */
  int in(int port, int size);

  /**
   * Writes to a port.
   *
   * @param size 1, 2 or 4 bytes, at most {@link #widthBytes()}
   * @param value only the low {@code size * 8} bits count
   */
  void out(int port, int size, int value);

  /** Widest access in bytes the device takes as a whole; wider ones reach it as single bytes. */
  default int widthBytes() {
    return 1;
  }
}
