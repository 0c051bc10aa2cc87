package io.understudy.machine.virtio;

import io.understudy.machine.devices.ByteRing;
import io.understudy.machine.devices.ConsoleSink;
import java.util.Objects;

/**
 * The virtio console with its one port ({@code hvc0} in Linux): queue 0 receives, queue 1 sends.
 *
 * <p>Owned by the vCPU thread. What the guest sends goes to the {@link ConsoleSink} at once. What
 * comes from outside waits in a backlog of 65536 bytes and flows into the guest's buffers as soon
 * as the driver is ready and has given some; nothing is lost, and a reset of the device keeps it.
 *
 * <p>Source: virtio 1.1, 5.3, without MULTIPORT; Linux include/uapi/linux/virtio_console.h.
 */
public final class VirtioConsole extends VirtioDevice {

  /** Bytes from outside that can wait for the guest. */
  static final int BACKLOG_BYTES = 65_536;

  /**
   * Longest request to send; Linux's are of 32 KiB at most. One access can send {@value
   * #QUEUE_ENTRIES} of them before whoever holds the output can say that there is no room.
   */
  static final int MAX_REQUEST_BYTES = 1 << 16;

  private static final int VIRTIO_ID = 3;
  private static final int PCI_DEVICE_ID = 0x1003;
  private static final int COMMUNICATION_DEVICE = 0x07_8000;
  static final int QUEUE_ENTRIES = 64;

  private static final int RECEIVE_QUEUE = 0;
  private static final int TRANSMIT_QUEUE = 1;

  private static final int PIECE_BYTES = 4096;

  private static final long FNV_OFFSET_BASIS = 0xCBF29CE484222325L;
  private static final long FNV_PRIME = 0x100000001B3L;

  private final ConsoleSink sink;
  private final ByteRing backlog = new ByteRing(BACKLOG_BYTES);
  private final byte[] piece = new byte[PIECE_BYTES];
  private long receivedBytes;
  private long transmittedBytes;
  private long transmitDigest = FNV_OFFSET_BASIS;

  /** Makes a console in its power-on state. */
  public VirtioConsole(ConsoleSink sink) {
    this.sink = Objects.requireNonNull(sink, "sink");
  }

  /**
   * Takes bytes from outside, all or none.
   *
   * @throws IllegalStateException if there are more than {@link #receiveRoom()}
   */
  public void receive(byte[] bytes) {
    if (bytes.length > receiveRoom()) {
      throw new IllegalStateException(
          "console input does not fit: bytes="
              + bytes.length
              + " receiveRoom="
              + receiveRoom()
              + " receivedBytes="
              + receivedBytes);
    }
    backlog.addAll(bytes);
    receivedBytes += bytes.length;
    if (transport().isDriverReady()) {
      transport().perform(this::deliver);
    }
  }

  /** Bytes from outside that can be taken now. */
  public int receiveRoom() {
    return backlog.room();
  }

  /** Bytes accepted from outside since power-on: the offset of the next byte of input. */
  public long receivedBytes() {
    return receivedBytes;
  }

  /** Bytes given to the sink since power-on: the offset of the next byte of output. */
  public long transmittedBytes() {
    return transmittedBytes;
  }

  private void deliver() throws VirtioFaultException {
    Virtqueue queue = transport().queue(RECEIVE_QUEUE);
    while (!backlog.isEmpty()) {
      DescriptorChain chain = queue.take();
      if (chain == null) {
        return;
      }
      long written = 0;
      while (!backlog.isEmpty() && chain.writable() > 0) {
        int part = (int) Math.min(Math.min(PIECE_BYTES, backlog.size()), chain.writable());
        for (int index = 0; index < part; index++) {
          piece[index] = backlog.remove();
        }
        chain.write(piece, 0, part);
        written += part;
      }
      queue.giveBack(chain, written);
    }
  }

  @Override
  void notified(int queueIndex) throws VirtioFaultException {
    if (queueIndex == TRANSMIT_QUEUE) {
      transmit();
    } else if (transport().isDriverReady()) {
      deliver();
    }
  }

  @Override
  void driverReady() throws VirtioFaultException {
    deliver();
  }

  private void transmit() throws VirtioFaultException {
    Virtqueue queue = transport().queue(TRANSMIT_QUEUE);
    for (DescriptorChain chain = queue.take(); chain != null; chain = queue.take()) {
      if (chain.readable() > MAX_REQUEST_BYTES) {
        throw new VirtioFaultException(VirtioFault.REQUEST_TOO_LONG);
      }
      while (chain.readable() > 0) {
        int part = (int) Math.min(PIECE_BYTES, chain.readable());
        chain.read(piece, 0, part);
        for (int index = 0; index < part; index++) {
          transmit(piece[index]);
        }
      }
      queue.giveBack(chain, 0);
    }
  }

  private void transmit(byte value) {
    transmittedBytes++;
    transmitDigest = (transmitDigest ^ (value & 0xFF)) * FNV_PRIME;
    sink.accept(value);
  }

  @Override
  int virtioId() {
    return VIRTIO_ID;
  }

  @Override
  int pciDeviceId() {
    return PCI_DEVICE_ID;
  }

  @Override
  int pciClassCode() {
    return COMMUNICATION_DEVICE;
  }

  @Override
  int features() {
    return 0;
  }

  @Override
  int queueCount() {
    return 2;
  }

  @Override
  int queueSize() {
    return QUEUE_ENTRIES;
  }

  /** Without features there is nothing in the configuration. */
  @Override
  int readConfigByte(int offset) {
    return 0;
  }

  /** The state of the device beside its interface. */
  public VirtioConsoleState save() {
    return new VirtioConsoleState(
        backlog.toArray(), receivedBytes, transmittedBytes, transmitDigest);
  }

  /** Replaces that state. */
  public void restore(VirtioConsoleState state) {
    backlog.clear();
    backlog.addAll(state.backlog());
    receivedBytes = state.receivedBytes();
    transmittedBytes = state.transmittedBytes();
    transmitDigest = state.transmitDigest();
  }
}
