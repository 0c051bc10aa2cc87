package io.understudy.machine.virtio;

import java.util.Arrays;

/**
 * The buffers of one request, as two streams of bytes: what the device may read, then what it may
 * write. Where one buffer ends and the next begins does not show, so any framing is accepted.
 *
 * <p>Owned by the vCPU thread. One object serves all requests of a queue, one after the other.
 */
final class DescriptorChain {

  private final GuestRam ram;
  private final long[] addresses;
  private final long[] lengths;
  private int head;
  private int count;

  /** Buffers before this index are for the device to read. */
  private int firstWritable;

  private final Cursor reader = new Cursor();
  private final Cursor writer = new Cursor();

  /** How far one of the two streams has got. */
  private static final class Cursor {
    int buffer;
    long within;
    long remaining;
  }

  DescriptorChain(GuestRam ram, int maxBuffers) {
    this.ram = ram;
    addresses = new long[maxBuffers];
    lengths = new long[maxBuffers];
  }

  /** Starts a new request whose first descriptor is {@code head}. */
  void start(int head) {
    this.head = head;
    count = 0;
    firstWritable = 0;
    reader.remaining = 0;
    writer.remaining = 0;
  }

  /** Adds the next buffer. */
  void add(long address, long length, boolean isWritable) throws VirtioFaultException {
    if (!ram.contains(address, length)) {
      throw new VirtioFaultException(VirtioFault.BUFFER_OUTSIDE_RAM);
    }
    if (!isWritable) {
      if (firstWritable != count) {
        throw new VirtioFaultException(VirtioFault.BUFFERS_OUT_OF_ORDER);
      }
      firstWritable++;
    }
    addresses[count] = address;
    lengths[count] = length;
    count++;
    (isWritable ? writer : reader).remaining += length;
  }

  /** All buffers are there: puts the streams to their beginnings. */
  void finish() {
    reader.buffer = 0;
    reader.within = 0;
    writer.buffer = firstWritable;
    writer.within = 0;
  }

  /** Index of the first descriptor, which names the request to the guest. */
  int head() {
    return head;
  }

  /** Bytes not yet read. */
  long readable() {
    return reader.remaining;
  }

  /** Bytes not yet written. */
  long writable() {
    return writer.remaining;
  }

  /** Takes the next bytes of the request; the caller has checked {@link #readable}. */
  void read(byte[] target, int offset, int length) {
    transfer(reader, target, offset, length, true);
  }

  /** Appends to the answer; the caller has checked {@link #writable}. */
  void write(byte[] source, int offset, int length) {
    transfer(writer, source, offset, length, false);
  }

  /** Appends one byte to the answer. */
  void write(int value) {
    write(new byte[] {(byte) value}, 0, 1);
  }

  /** Leaves bytes of the answer as they are; the caller has checked {@link #writable}. */
  void skipWritable(long length) {
    long left = length;
    while (left > 0) {
      left -= step(writer, left);
    }
  }

  private void transfer(Cursor cursor, byte[] array, int offset, int length, boolean isRead) {
    int done = 0;
    while (done < length) {
      int buffer = cursor.buffer;
      long address = addresses[buffer] + cursor.within;
      int part = (int) step(cursor, length - done);
      if (isRead) {
        ram.read(address, array, offset + done, part);
      } else {
        ram.write(address, array, offset + done, part);
      }
      done += part;
    }
  }

  /** Moves on by at most {@code limit} bytes within the buffer; returns by how many. */
  private long step(Cursor cursor, long limit) {
    long part = Math.min(limit, lengths[cursor.buffer] - cursor.within);
    cursor.within += part;
    cursor.remaining -= part;
    if (cursor.within == lengths[cursor.buffer]) {
      cursor.buffer++;
      cursor.within = 0;
    }
    return part;
  }

  @Override
  public String toString() {
    return "DescriptorChain[head="
        + head
        + ", lengths="
        + Arrays.toString(Arrays.copyOf(lengths, count))
        + ", firstWritable="
        + firstWritable
        + "]";
  }
}
