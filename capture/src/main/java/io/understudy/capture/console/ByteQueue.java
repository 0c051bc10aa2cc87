package io.understudy.capture.console;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Bytes that wait to be written to a non-blocking channel, in order.
 *
 * <p>Grows as needed; the owner bounds it by looking at {@link #size}. Owned by one thread.
 */
public final class ByteQueue {
  private static final int CAPACITY_MIN_BYTES = 4096;

  /** Always in writing mode: bytes [readIndex, position) are waiting. */
  private ByteBuffer buffer = ByteBuffer.allocate(CAPACITY_MIN_BYTES);

  private int readIndex;

  /** Appends a copy of {@code bytes}. */
  public void add(byte[] bytes) {
    if (buffer.remaining() < bytes.length) {
      makeRoom(bytes.length);
    }
    buffer.put(bytes);
  }

  /** Number of bytes waiting. */
  public int size() {
    return buffer.position() - readIndex;
  }

  /** True if nothing waits. */
  public boolean isEmpty() {
    return size() == 0;
  }

  /** Drops everything. */
  public void clear() {
    readIndex = 0;
    buffer = ByteBuffer.allocate(CAPACITY_MIN_BYTES);
  }

  /** Writes as much as {@code channel} takes now and returns how many bytes that was. */
  public int writeTo(WritableByteChannel channel) throws IOException {
    int written = 0;
    while (!isEmpty()) {
      int count = channel.write(buffer.duplicate().flip().position(readIndex));
      if (count == 0) {
        break;
      }
      readIndex += count;
      written += count;
    }
    if (isEmpty()) {
      readIndex = 0;
      buffer.clear();
    }
    return written;
  }

  private void makeRoom(int moreBytes) {
    ByteBuffer waiting = buffer.duplicate().flip().position(readIndex);
    int needed = waiting.remaining() + moreBytes;
    // Growing to twice the need keeps the number of copies logarithmic; a buffer that is less than
    // half full after the move is reused instead.
    ByteBuffer target =
        needed <= buffer.capacity() / 2
            ? buffer.duplicate().clear()
            : ByteBuffer.allocate(Math.max(CAPACITY_MIN_BYTES, 2 * needed));
    target.put(waiting);
    buffer = target;
    readIndex = 0;
  }
}
