package io.understudy.machine.virtio;

/** Little-endian numbers in byte arrays, as virtio's structures hold them on x86. */
final class LittleEndian {

  private LittleEndian() {}

  /** Reads {@code sizeBytes} bytes, at most 8, as an unsigned number. */
  static long get(byte[] bytes, int offset, int sizeBytes) {
    long value = 0;
    for (int index = 0; index < sizeBytes; index++) {
      value |= (bytes[offset + index] & 0xFFL) << (8 * index);
    }
    return value;
  }

  /** Writes the low {@code sizeBytes} bytes of {@code value}. */
  static void put(byte[] bytes, int offset, int sizeBytes, long value) {
    for (int index = 0; index < sizeBytes; index++) {
      bytes[offset + index] = (byte) (value >>> (8 * index));
    }
  }
}
