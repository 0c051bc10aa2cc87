package io.understudy.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A legacy virtqueue in a guest's data, ready before the guest starts: requests are described and
 * listed here, and the guest only says how many of them there are now.
 *
 * <p>Layout: virtio 1.0, 2.4.2 "Legacy Interfaces: A Note on Virtqueue Layout".
 */
final class VirtqueueImage {
  private static final int PAGE = 4096;
  private static final int WRITABLE = 2;
  private static final int NEXT = 1;

  private final ByteBuffer memory;
  private final int at;
  private final int size;
  private int descriptors;
  private int requests;

  /**
   * @param data the guest's data, which begins at {@link GuestAssembler#DATA}
   * @param at where in it the queue begins, a multiple of 4096
   * @param size entries of the rings, as the device says
   */
  VirtqueueImage(byte[] data, int at, int size) {
    this.memory = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    this.at = at;
    this.size = size;
  }

  /** A part of a request. */
  record Part(int address, int length, boolean isWritable) {}

  /** Lists a request of {@code parts}. */
  VirtqueueImage request(Part... parts) {
    memory.putShort(at + 16 * size + 4 + 2 * requests++, (short) descriptors);
    for (int index = 0; index < parts.length; index++) {
      boolean isLast = index == parts.length - 1;
      int descriptor = at + 16 * descriptors++;
      memory.putLong(descriptor, parts[index].address());
      memory.putInt(descriptor + 8, parts[index].length());
      int flags = (parts[index].isWritable() ? WRITABLE : 0) | (isLast ? 0 : NEXT);
      memory.putShort(descriptor + 12, (short) flags);
      memory.putShort(descriptor + 14, (short) (isLast ? 0 : descriptors));
    }
    return this;
  }

  /** What the driver writes to the device's queue page register. */
  int page() {
    return (GuestAssembler.DATA + at) / PAGE;
  }

  /** Where the guest says how many requests there have been. */
  int availableIndex() {
    return GuestAssembler.DATA + at + 16 * size + 2;
  }

  /** Where the device says how many it has given back. */
  int usedIndex() {
    int available = 16 * size + 6 + 2 * size;
    return GuestAssembler.DATA + at + (available + PAGE - 1) / PAGE * PAGE + 2;
  }
}
