package io.understudy.machine.virtio;

import java.util.Arrays;
import java.util.Objects;
import net.openhft.hashing.LongHashFunction;

/**
 * The virtio network device: queue 0 receives, queue 1 sends, the link is always up.
 *
 * <p>Owned by the vCPU thread. Each frame has a header of 10 bytes in front, which says nothing, as
 * no offloads are offered: it is ignored on sending and zero on receiving. Every frame that comes
 * in is given to the guest, whatever its address. Frames are 14 to 1514 bytes; what the guest sends
 * outside of that is dropped and counted.
 *
 * <p>A frame that comes in takes one chain of buffers. Without a ready driver, or a buffer, it is
 * dropped and counted; with one that is too small as well, and the buffer goes back empty. Whether
 * there is a buffer can be asked for before ({@link #hasReceiveBuffer}).
 *
 * <p>Source: virtio 1.1, 5.1 (legacy: without MRG_RXBUF the header has no {@code num_buffers});
 * Linux include/uapi/linux/virtio_net.h.
 */
public final class VirtioNet extends VirtioDevice {

  /** Longest frame in bytes: 1500 of payload and the Ethernet header. */
  public static final int MAX_FRAME_BYTES = 1514;

  /** Shortest frame in bytes: the Ethernet header. */
  public static final int MIN_FRAME_BYTES = 14;

  static final long MAC_MASK = 0xFFFF_FFFF_FFFFL;

  private static final int VIRTIO_ID = 1;
  private static final int PCI_DEVICE_ID = 0x1000;
  private static final int ETHERNET_CONTROLLER = 0x02_0000;
  private static final int QUEUE_ENTRIES = 256;

  private static final int FEATURE_MAC = 1 << 5;
  private static final int FEATURE_STATUS = 1 << 16;
  private static final int FEATURE_ANY_LAYOUT = 1 << 27;

  private static final int RECEIVE_QUEUE = 0;
  private static final int TRANSMIT_QUEUE = 1;

  private static final int MAC_BYTES = 6;
  private static final int STATUS_OFFSET = 6;
  private static final int STATUS_LINK_UP = 1;

  private static final int HEADER_BYTES = 10;

  private static final LongHashFunction HASH = LongHashFunction.xx3();

  private final FrameSink sink;
  private final long powerOnMac;

  /** First byte of the address in the lowest bits. */
  private long mac;

  private long framesIn;
  private long framesDropped;
  private long framesOut;
  private long framesRefused;
  private long transmitDigest;

  private final byte[] header = new byte[HEADER_BYTES];

  /**
   * @param mac hardware address, 6 bytes
   */
  public VirtioNet(byte[] mac, FrameSink sink) {
    this.sink = Objects.requireNonNull(sink, "sink");
    if (mac.length != MAC_BYTES || (mac[0] & 1) != 0) {
      throw new IllegalArgumentException(
          "hardware address must be 6 bytes of which the first is even: mac="
              + Arrays.toString(mac));
    }
    this.powerOnMac = LittleEndian.get(mac, 0, MAC_BYTES);
    this.mac = powerOnMac;
  }

  /** Frames given to the guest since power-on. */
  public long framesIn() {
    return framesIn;
  }

  /** Frames for the guest that were dropped since power-on. */
  public long framesDropped() {
    return framesDropped;
  }

  /** Frames given to the sink since power-on. */
  public long framesOut() {
    return framesOut;
  }

  /** Frames of the guest's that were of an impossible length, since power-on. */
  public long framesRefused() {
    return framesRefused;
  }

  /** Whether a frame that came in now would have a buffer. Changes nothing. */
  public boolean hasReceiveBuffer() {
    return transport().isDriverReady() && transport().queue(RECEIVE_QUEUE).waiting() > 0;
  }

  /**
   * Gives a frame from outside to the guest, or drops it.
   *
   * @param frame from the destination address on, without checksum
   * @throws IllegalArgumentException if it is shorter than 14 bytes or longer than 1514
   */
  public void receive(byte[] frame) {
    if (frame.length < MIN_FRAME_BYTES || frame.length > MAX_FRAME_BYTES) {
      throw new IllegalArgumentException(
          "frame must have "
              + MIN_FRAME_BYTES
              + " to "
              + MAX_FRAME_BYTES
              + " bytes: length="
              + frame.length);
    }
    long before = framesIn;
    if (transport().isDriverReady()) {
      transport().perform(() -> deliver(frame));
    }
    if (framesIn == before) {
      framesDropped++;
    }
  }

  private void deliver(byte[] frame) throws VirtioFaultException {
    Virtqueue queue = transport().queue(RECEIVE_QUEUE);
    DescriptorChain chain = queue.take();
    if (chain == null) {
      return;
    }
    if (chain.writable() < HEADER_BYTES + frame.length) {
      queue.giveBack(chain, 0);
      return;
    }
    chain.write(new byte[HEADER_BYTES], 0, HEADER_BYTES);
    chain.write(frame, 0, frame.length);
    queue.giveBack(chain, HEADER_BYTES + frame.length);
    framesIn++;
  }

  @Override
  void notified(int queueIndex) throws VirtioFaultException {
    if (queueIndex != TRANSMIT_QUEUE) {
      return; // new receive buffers wait for frames
    }
    Virtqueue queue = transport().queue(TRANSMIT_QUEUE);
    for (DescriptorChain chain = queue.take(); chain != null; chain = queue.take()) {
      transmit(chain);
      queue.giveBack(chain, 0);
    }
  }

  private void transmit(DescriptorChain chain) throws VirtioFaultException {
    if (chain.readable() < HEADER_BYTES) {
      throw new VirtioFaultException(VirtioFault.REQUEST_TOO_SHORT);
    }
    chain.read(header, 0, HEADER_BYTES);
    long length = chain.readable();
    if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) {
      framesRefused++;
      return;
    }
    byte[] frame = new byte[(int) length];
    chain.read(frame, 0, frame.length);
    framesOut++;
    transmitDigest = transmitDigest * 31 + HASH.hashBytes(frame);
    sink.accept(frame);
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
    return ETHERNET_CONTROLLER;
  }

  @Override
  int features() {
    return FEATURE_MAC | FEATURE_STATUS | FEATURE_ANY_LAYOUT;
  }

  @Override
  int queueCount() {
    return 2;
  }

  @Override
  int queueSize() {
    return QUEUE_ENTRIES;
  }

  @Override
  int readConfigByte(int offset) {
    if (offset < MAC_BYTES) {
      return byteOf(mac, offset);
    }
    return byteOf(STATUS_LINK_UP, offset - STATUS_OFFSET);
  }

  /** The legacy interface lets the driver change the address; it has no effect but to be read. */
  @Override
  void writeConfigByte(int offset, int value) {
    if (offset < MAC_BYTES) {
      int shift = 8 * offset;
      mac = (mac & ~(0xFFL << shift)) | ((value & 0xFFL) << shift);
    }
  }

  @Override
  void reset() {
    mac = powerOnMac;
  }

  /** The state of the device beside its interface. */
  public VirtioNetState save() {
    return new VirtioNetState(
        mac, framesIn, framesDropped, framesOut, framesRefused, transmitDigest);
  }

  /** Replaces that state. */
  public void restore(VirtioNetState state) {
    mac = state.mac();
    framesIn = state.framesIn();
    framesDropped = state.framesDropped();
    framesOut = state.framesOut();
    framesRefused = state.framesRefused();
    transmitDigest = state.transmitDigest();
  }
}
