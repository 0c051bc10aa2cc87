package io.understudy.replay.checkpoint;

import java.nio.ByteBuffer;

/**
 * Key of one version of a page: number, then epoch, both big-endian, so that RocksDB keeps the
 * versions of a page together and in order.
 */
final class PageKey {

  static final int BYTES = Integer.BYTES + Long.BYTES;

  private PageKey() {}

  static byte[] of(int number, long epoch) {
    return ByteBuffer.allocate(BYTES).putInt(number).putLong(epoch).array();
  }

  static int number(byte[] key) {
    return ByteBuffer.wrap(key).getInt();
  }

  static long epoch(byte[] key) {
    return ByteBuffer.wrap(key).getLong(Integer.BYTES);
  }
}
