package io.understudy.machine.virtio;

/**
 * The part of a virtio device that is not the bus: what it offers, its configuration and what it
 * does with its queues. {@link VirtioPci} is the other part.
 *
 * <p>Owned by the vCPU thread.
 */
public abstract sealed class VirtioDevice permits VirtioBlock, VirtioNet, VirtioConsole, VirtioRng {

  private VirtioTransport transport;

  VirtioDevice() {}

  /** Gives the device its bus, once. */
  final void connect(VirtioTransport newTransport) {
    if (transport != null) {
      throw new IllegalStateException(
          "the device is on a bus already: device=" + getClass().getSimpleName());
    }
    transport = newTransport;
  }

  /** The bus; what the host wants of a device that is not on any is a fault of the caller. */
  final VirtioTransport transport() {
    if (transport == null) {
      throw new IllegalStateException(
          "the device is not on a bus: device=" + getClass().getSimpleName());
    }
    return transport;
  }

  /** Device ID of virtio (linux/virtio_ids.h). */
  abstract int virtioId();

  /** Device ID of the transitional PCI device. */
  abstract int pciDeviceId();

  /** PCI class code, 24 bits. */
  abstract int pciClassCode();

  /** Feature bits offered, 32 bits. */
  abstract int features();

  /** How many queues there are. */
  abstract int queueCount();

  /** Entries of each queue's rings. */
  abstract int queueSize();

  /** A byte of the configuration; 0 behind its end. */
  abstract int readConfigByte(int offset);

  /** Writes a byte of the configuration, if it can be written. */
  void writeConfigByte(int offset, int value) {}

  /** The guest has put requests into a queue. */
  abstract void notified(int queue) throws VirtioFaultException;

  /** The driver says that it is ready (DRIVER_OK). */
  void driverReady() throws VirtioFaultException {}

  /** The driver resets the device; counters, and what came from outside, stay. */
  void reset() {}

  /** Byte {@code offset} of {@code value}, little-endian; 0 behind its 8 bytes. */
  static int byteOf(long value, int offset) {
    return offset >= 0 && offset < Long.BYTES ? (int) (value >>> (8 * offset)) & 0xFF : 0;
  }
}
