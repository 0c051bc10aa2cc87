package io.understudy.machine.virtio;

/**
 * A split virtqueue in the legacy layout: descriptor table, available ring, and on the next page
 * the used ring, in one piece of guest memory that starts on a page.
 *
 * <pre>
 *   descriptors   16 x size      address u64, length u32, flags u16 (1 next, 2 write), next u16
 *   available      6 + 2 x size  flags u16 (1 no interrupt), index u16, heads u16[], event u16
 *   (up to 4096)
 *   used           6 + 8 x size  flags u16, index u16, {head u32, length u32}[], event u16
 * </pre>
 *
 * <p>Owned by the vCPU thread. Everything read here was written by the guest and is checked.
 * Neither indirect descriptors nor event indices are offered. Source: virtio 0.9.5, 2.3; virtio
 * 1.1, 2.6.
 */
final class Virtqueue {

  private static final int PAGE_SHIFT = 12;
  private static final long PAGE_BYTES = 1L << PAGE_SHIFT;
  private static final int DESCRIPTOR_BYTES = 16;
  private static final int USED_BYTES = 8;
  private static final int RING_HEADER_BYTES = 4;
  private static final int EVENT_BYTES = 2;

  private static final int DESCRIPTOR_NEXT = 1;
  private static final int DESCRIPTOR_WRITE = 2;
  private static final int DESCRIPTOR_INDIRECT = 4;
  private static final int AVAILABLE_NO_INTERRUPT = 1;

  private static final int INDEX_MASK = 0xFFFF;

  private final GuestRam ram;
  private final int size;
  private final DescriptorChain chain;
  private final byte[] descriptor = new byte[DESCRIPTOR_BYTES];

  private int pageFrame;
  private int availableIndex;
  private int usedIndex;

  /** Requests taken since {@link #takeInterrupt}; 0 between two accesses. */
  private int takenCount;

  /** Whether buffers were given back since {@link #takeInterrupt}; never between two accesses. */
  private boolean hasUsed;

  /**
   * @param size entries of the rings, a power of two up to 32768
   */
  Virtqueue(GuestRam ram, int size) {
    this.ram = ram;
    this.size = size;
    this.chain = new DescriptorChain(ram, size);
  }

  int size() {
    return size;
  }

  /** Number of the page where the queue starts, 32 bits; 0 while the guest has placed none. */
  int pageFrame() {
    return pageFrame;
  }

  /** Places the queue, empty, or takes it away (0). */
  void place(int newPageFrame) throws VirtioFaultException {
    reset();
    if (newPageFrame != 0 && !fits(newPageFrame)) {
      throw new VirtioFaultException(VirtioFault.RINGS_OUTSIDE_RAM);
    }
    pageFrame = newPageFrame;
  }

  void reset() {
    pageFrame = 0;
    availableIndex = 0;
    usedIndex = 0;
    takenCount = 0;
    hasUsed = false;
  }

  private boolean fits(int frame) {
    long start = (frame & 0xFFFF_FFFFL) << PAGE_SHIFT;
    return ram.contains(start, usedOffset() + ringBytes(USED_BYTES));
  }

  private long ringBytes(int entryBytes) {
    return RING_HEADER_BYTES + (long) entryBytes * size + EVENT_BYTES;
  }

  private long usedOffset() {
    long end = (long) DESCRIPTOR_BYTES * size + ringBytes(Short.BYTES);
    return (end + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  private long descriptors() {
    return (pageFrame & 0xFFFF_FFFFL) << PAGE_SHIFT;
  }

  private long available() {
    return descriptors() + (long) DESCRIPTOR_BYTES * size;
  }

  private long used() {
    return descriptors() + usedOffset();
  }

  /**
   * Requests that wait, as the guest says; more than {@link #size} are impossible. Changes nothing.
   */
  int waiting() {
    if (pageFrame == 0) {
      return 0;
    }
    return (ram.readShort(available() + 2) - availableIndex) & INDEX_MASK;
  }

  /**
   * Takes the next request. The chain is valid until the next call.
   *
   * <p>The vCPU stands still, so no more than {@link #size} requests can be waiting. A guest that
   * lets the device write over the available ring could otherwise keep it busy for ever.
   *
   * @return null if no request waits
   */
  DescriptorChain take() throws VirtioFaultException {
    int waiting = waiting();
    if (waiting == 0) {
      return null;
    }
    if (waiting > size - takenCount) {
      throw new VirtioFaultException(VirtioFault.TOO_MANY_AVAILABLE);
    }
    takenCount++;
    int entry = availableIndex & (size - 1);
    int head = ram.readShort(available() + RING_HEADER_BYTES + 2L * entry);
    availableIndex = (availableIndex + 1) & INDEX_MASK;
    walk(head);
    return chain;
  }

  private void walk(int head) throws VirtioFaultException {
    chain.start(head);
    int index = head;
    for (int count = 0; ; count++) {
      if (index >= size) {
        throw new VirtioFaultException(VirtioFault.NO_SUCH_DESCRIPTOR);
      }
      if (count == size) {
        throw new VirtioFaultException(VirtioFault.CHAIN_TOO_LONG);
      }
      ram.read(descriptors() + (long) DESCRIPTOR_BYTES * index, descriptor, 0, DESCRIPTOR_BYTES);
      int flags = (int) LittleEndian.get(descriptor, 12, Short.BYTES);
      if ((flags & DESCRIPTOR_INDIRECT) != 0) {
        throw new VirtioFaultException(VirtioFault.DESCRIPTOR_KIND);
      }
      chain.add(
          LittleEndian.get(descriptor, 0, Long.BYTES),
          LittleEndian.get(descriptor, 8, Integer.BYTES),
          (flags & DESCRIPTOR_WRITE) != 0);
      if ((flags & DESCRIPTOR_NEXT) == 0) {
        chain.finish();
        return;
      }
      index = (int) LittleEndian.get(descriptor, 14, Short.BYTES);
    }
  }

  /** Gives the buffers of a request back, of which {@code length} bytes were written. */
  void giveBack(DescriptorChain done, long length) {
    long entry = used() + RING_HEADER_BYTES + (long) USED_BYTES * (usedIndex & (size - 1));
    ram.writeInt(entry, done.head());
    ram.writeInt(entry + 4, (int) length);
    usedIndex = (usedIndex + 1) & INDEX_MASK;
    ram.writeShort(used() + 2, usedIndex);
    hasUsed = true;
  }

  /** Ends an access: whether the guest is to be interrupted for what was given back in it. */
  boolean takeInterrupt() {
    boolean isWanted = hasUsed && (ram.readShort(available()) & AVAILABLE_NO_INTERRUPT) == 0;
    hasUsed = false;
    takenCount = 0;
    return isWanted;
  }

  VirtqueueState save() {
    return new VirtqueueState(pageFrame, availableIndex, usedIndex);
  }

  void restore(VirtqueueState state) {
    if (state.pageFrame() != 0 && !fits(state.pageFrame())) {
      throw new IllegalArgumentException(
          "saved queue is outside of this machine's RAM: pageFrame=0x"
              + Integer.toHexString(state.pageFrame()));
    }
    pageFrame = state.pageFrame();
    availableIndex = state.availableIndex();
    usedIndex = state.usedIndex();
    takenCount = 0;
    hasUsed = false;
  }
}
