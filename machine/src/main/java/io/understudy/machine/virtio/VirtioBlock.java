package io.understudy.machine.virtio;

import io.understudy.machine.disk.Disk;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * The virtio block device: a {@link Disk} with one queue. Requests are complete before the notify
 * that announced them returns, in the order of the ring.
 *
 * <p>Owned by the vCPU thread. A request is a header of 16 bytes {type u32, reserved u32, sector
 * u64}, data, and one status byte, split over buffers in any way. Served are reads, writes, flushes
 * (nothing to do: what makes writes last is the log) and the serial number; others are answered
 * with "unsupported". Sectors that are not on the disk, lengths that are not whole sectors, more
 * than 16 MiB at once and writes to a read-only disk are answered with "I/O error" and do nothing.
 *
 * <p>Source: virtio 1.1, 5.2; Linux include/uapi/linux/virtio_blk.h.
 */
public final class VirtioBlock extends VirtioDevice {

  /** Longest serial number in bytes. */
  public static final int SERIAL_BYTES = 20;

  /** More than a driver that keeps to the segment limits below can ask for. */
  static final int MAX_REQUEST_BYTES = 16 << 20;

  private static final int VIRTIO_ID = 2;
  private static final int PCI_DEVICE_ID = 0x1001;
  private static final int SCSI_STORAGE = 0x01_0000;
  private static final int QUEUE_ENTRIES = 128;

  private static final int FEATURE_SIZE_MAX = 1 << 1;
  private static final int FEATURE_SEG_MAX = 1 << 2;
  private static final int FEATURE_READ_ONLY = 1 << 5;
  private static final int FEATURE_BLOCK_SIZE = 1 << 6;
  private static final int FEATURE_FLUSH = 1 << 9;

  private static final int CONFIG_CAPACITY = 0;
  private static final int CONFIG_SIZE_MAX = 8;
  private static final int CONFIG_SEG_MAX = 12;
  private static final int CONFIG_BLOCK_SIZE = 20;
  private static final int CONFIG_BYTES = 24;

  /** Bytes in a segment: what Linux uses when nobody tells it. */
  private static final int SEGMENT_BYTES = 65_536;

  /** Segments of data in a request: the ring without header and status. */
  private static final int MAX_SEGMENTS = QUEUE_ENTRIES - 2;

  private static final int HEADER_BYTES = 16;

  private static final int TYPE_READ = 0;
  private static final int TYPE_WRITE = 1;
  private static final int TYPE_FLUSH = 4;
  private static final int TYPE_GET_ID = 8;

  private static final int STATUS_OK = 0;
  private static final int STATUS_IO_ERROR = 1;
  private static final int STATUS_UNSUPPORTED = 2;

  private final Disk disk;
  private final boolean isReadOnly;
  private final byte[] serial = new byte[SERIAL_BYTES];
  private final byte[] config = new byte[CONFIG_BYTES];
  private final byte[] header = new byte[HEADER_BYTES];

  /** Data on its way between guest memory and the disk; empty between requests. */
  private final byte[] transfer = new byte[SEGMENT_BYTES];

  private long readSectors;
  private long writtenSectors;

  /**
   * @param serial what the guest reads as serial number, ASCII, at most 20 characters
   */
  public VirtioBlock(Disk disk, String serial, boolean isReadOnly) {
    this.disk = Objects.requireNonNull(disk, "disk");
    this.isReadOnly = isReadOnly;
    byte[] bytes = serial.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length > SERIAL_BYTES) {
      throw new IllegalArgumentException(
          "serial number must have at most " + SERIAL_BYTES + " characters: serial=" + serial);
    }
    System.arraycopy(bytes, 0, this.serial, 0, bytes.length);
    LittleEndian.put(config, CONFIG_CAPACITY, Long.BYTES, disk.sectors());
    LittleEndian.put(config, CONFIG_SIZE_MAX, Integer.BYTES, SEGMENT_BYTES);
    LittleEndian.put(config, CONFIG_SEG_MAX, Integer.BYTES, MAX_SEGMENTS);
    LittleEndian.put(config, CONFIG_BLOCK_SIZE, Integer.BYTES, Disk.SECTOR_BYTES);
  }

  /** Sectors the guest has read since power-on. */
  public long readSectors() {
    return readSectors;
  }

  /** Sectors the guest has written since power-on. */
  public long writtenSectors() {
    return writtenSectors;
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
    return SCSI_STORAGE;
  }

  @Override
  int features() {
    return FEATURE_SIZE_MAX
        | FEATURE_SEG_MAX
        | FEATURE_BLOCK_SIZE
        | FEATURE_FLUSH
        | (isReadOnly ? FEATURE_READ_ONLY : 0);
  }

  @Override
  int queueCount() {
    return 1;
  }

  @Override
  int queueSize() {
    return QUEUE_ENTRIES;
  }

  @Override
  int readConfigByte(int offset) {
    return offset < CONFIG_BYTES ? config[offset] & 0xFF : 0;
  }

  @Override
  void notified(int queueIndex) throws VirtioFaultException {
    Virtqueue queue = transport().queue(queueIndex);
    for (DescriptorChain chain = queue.take(); chain != null; chain = queue.take()) {
      serve(chain, queue);
    }
  }

  private void serve(DescriptorChain chain, Virtqueue queue) throws VirtioFaultException {
    long answerBytes = chain.writable();
    if (chain.readable() < HEADER_BYTES || answerBytes < 1) {
      throw new VirtioFaultException(VirtioFault.REQUEST_TOO_SHORT);
    }
    chain.read(header, 0, HEADER_BYTES);
    int status =
        switch ((int) LittleEndian.get(header, 0, Integer.BYTES)) {
          case TYPE_READ -> read(chain);
          case TYPE_WRITE -> write(chain);
          case TYPE_FLUSH -> STATUS_OK;
          case TYPE_GET_ID -> identify(chain);
          default -> STATUS_UNSUPPORTED;
        };
    chain.skipWritable(chain.writable() - 1);
    chain.write(status);
    queue.giveBack(chain, answerBytes);
  }

  private int read(DescriptorChain chain) {
    long length = chain.writable() - 1;
    if (!isOnDisk(length)) {
      return STATUS_IO_ERROR;
    }
    long sector = sector();
    for (long left = length; left > 0; ) {
      int part = (int) Math.min(left, transfer.length);
      disk.read(sector, transfer, 0, part / Disk.SECTOR_BYTES);
      chain.write(transfer, 0, part);
      sector += part / Disk.SECTOR_BYTES;
      left -= part;
    }
    readSectors += length / Disk.SECTOR_BYTES;
    return STATUS_OK;
  }

  private int write(DescriptorChain chain) {
    long length = chain.readable();
    if (isReadOnly || !isOnDisk(length)) {
      return STATUS_IO_ERROR;
    }
    long sector = sector();
    for (long left = length; left > 0; ) {
      int part = (int) Math.min(left, transfer.length);
      chain.read(transfer, 0, part);
      disk.write(sector, transfer, 0, part / Disk.SECTOR_BYTES);
      sector += part / Disk.SECTOR_BYTES;
      left -= part;
    }
    writtenSectors += length / Disk.SECTOR_BYTES;
    return STATUS_OK;
  }

  private int identify(DescriptorChain chain) {
    chain.write(serial, 0, (int) Math.min(SERIAL_BYTES, chain.writable() - 1));
    return STATUS_OK;
  }

  private long sector() {
    return LittleEndian.get(header, 8, Long.BYTES);
  }

  /** Whether {@code lengthBytes} from the request's sector on can be transferred at once. */
  private boolean isOnDisk(long lengthBytes) {
    long sector = sector();
    return lengthBytes <= MAX_REQUEST_BYTES
        && lengthBytes % Disk.SECTOR_BYTES == 0
        && sector >= 0
        && sector <= disk.sectors()
        && lengthBytes / Disk.SECTOR_BYTES <= disk.sectors() - sector;
  }

  /** The state of the device beside its interface and its disk. */
  public VirtioBlockState save() {
    return new VirtioBlockState(readSectors, writtenSectors);
  }

  /** Replaces that state. */
  public void restore(VirtioBlockState state) {
    readSectors = state.readSectors();
    writtenSectors = state.writtenSectors();
  }
}
