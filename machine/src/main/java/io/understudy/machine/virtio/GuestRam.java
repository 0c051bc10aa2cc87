package io.understudy.machine.virtio;

/**
 * Guest memory as devices see it. Addresses are guest-physical; values wider than a byte are
 * little-endian and need no alignment. Called by the vCPU thread while the vCPU stands still.
 *
 * <p>Devices ask {@link #contains} before they touch an address the guest has given them. The
 * implementation sees to it that what devices write counts as changed memory.
 */
public interface GuestRam {

  /**
   * Whether all of the range is RAM. Any address and any length may be asked for: both are the
   * guest's, as signed numbers.
   */
  boolean contains(long address, long length);

  /** Copies RAM to {@code target}; the caller has checked the range. */
  void read(long address, byte[] target, int offset, int length);

  /** Copies {@code source} to RAM; the caller has checked the range. */
  void write(long address, byte[] source, int offset, int length);

  /** Reads 2 bytes, in [0, 0xFFFF]. */
  default int readShort(long address) {
    return (int) readNumber(address, Short.BYTES);
  }

  /** Reads 4 bytes. */
  default int readInt(long address) {
    return (int) readNumber(address, Integer.BYTES);
  }

  /** Reads 8 bytes. */
  default long readLong(long address) {
    return readNumber(address, Long.BYTES);
  }

  /** Writes the low 2 bytes of {@code value}. */
  default void writeShort(long address, int value) {
    writeNumber(address, value, Short.BYTES);
  }

  /** Writes 4 bytes. */
  default void writeInt(long address, int value) {
    writeNumber(address, value, Integer.BYTES);
  }

  /** Writes 8 bytes. */
  default void writeLong(long address, long value) {
    writeNumber(address, value, Long.BYTES);
  }

  private long readNumber(long address, int sizeBytes) {
    byte[] bytes = new byte[sizeBytes];
    read(address, bytes, 0, sizeBytes);
    long value = 0;
    for (int index = 0; index < sizeBytes; index++) {
      value |= (bytes[index] & 0xFFL) << (8 * index);
    }
    return value;
  }

  private void writeNumber(long address, long value, int sizeBytes) {
    byte[] bytes = new byte[sizeBytes];
    for (int index = 0; index < sizeBytes; index++) {
      bytes[index] = (byte) (value >>> (8 * index));
    }
    write(address, bytes, 0, sizeBytes);
  }
}
