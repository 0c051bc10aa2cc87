package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * One contiguous piece of guest RAM, zeroed at the start. Closed by its {@link VirtualMachine};
 * every access afterwards fails. Owned by one thread at a time: when the vCPU runs while another
 * thread reads, the values are accidental; it must not run while another one writes, and nobody may
 * access it while it is being closed.
 *
 * <p>Addresses are guest-physical and in bytes. Writes through this class are host writes and do
 * not appear in the dirty log (Documentation/virt/kvm/api.rst, KVM_GET_DIRTY_LOG).
 */
public final class GuestMemory {
  /** A ByteBuffer ends at 2 GiB, so the mapping is seen through windows of 1 GiB. */
  private static final int WINDOW_SHIFT = 30;

  private static final long WINDOW_MASK = (1L << WINDOW_SHIFT) - 1;

  private final int slot;
  private final long guestAddress;
  private final long sizeBytes;
  private final long hostAddress;
  private final NativeBuffer dirtyBitmap;
  private ByteBuffer[] windows;

  private GuestMemory(
      int slot, long guestAddress, long sizeBytes, long hostAddress, NativeBuffer dirtyBitmap) {
    this.slot = slot;
    this.guestAddress = guestAddress;
    this.sizeBytes = sizeBytes;
    this.hostAddress = hostAddress;
    this.dirtyBitmap = dirtyBitmap;
    windows = new ByteBuffer[Math.toIntExact((sizeBytes + WINDOW_MASK) >>> WINDOW_SHIFT)];
    for (int i = 0; i < windows.length; i++) {
      long start = (long) i << WINDOW_SHIFT;
      windows[i] =
          NativeAccess.view(
              hostAddress + start, (int) Math.min(1L << WINDOW_SHIFT, sizeBytes - start));
    }
  }

  static GuestMemory map(int slot, long guestAddress, long sizeBytes) {
    if (sizeBytes <= 0
        || sizeBytes % Layout.PAGE_SIZE != 0
        || guestAddress < 0
        || guestAddress % Layout.PAGE_SIZE != 0
        || sizeBytes / Layout.PAGE_SIZE > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "guest memory must be whole pages: slot="
              + slot
              + " guestAddress=0x"
              + Long.toHexString(guestAddress)
              + " sizeBytes="
              + sizeBytes);
    }
    long host = NativeBuffer.mapAnonymous(sizeBytes, LibC.MAP_NORESERVE);
    // Pages that the host merges or collapses behind the guest's back cost faults at accidental
    // times.
    // Both are advice: a host kernel without these features refuses, and that is as good.
    LibC.madvise(host, sizeBytes, LibC.MADV_UNMERGEABLE);
    LibC.madvise(host, sizeBytes, LibC.MADV_NOHUGEPAGE);
    try {
      NativeBuffer bitmap =
          NativeBuffer.allocate(bitmapWords((int) (sizeBytes / Layout.PAGE_SIZE)) * Long.BYTES);
      return new GuestMemory(slot, guestAddress, sizeBytes, host, bitmap);
    } catch (RuntimeException e) {
      LibC.munmap(host, sizeBytes);
      throw e;
    }
  }

  static int bitmapWords(int pageCount) {
    return (int) ((pageCount + (long) Long.SIZE - 1) / Long.SIZE);
  }

  int slot() {
    return slot;
  }

  NativeBuffer dirtyBitmap() {
    return dirtyBitmap;
  }

  /** Address of the first byte in the guest. */
  public long guestAddress() {
    return guestAddress;
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  /** How many pages of 4096 bytes. */
  public int pageCount() {
    return (int) (sizeBytes / Layout.PAGE_SIZE);
  }

  /**
   * Address of the first byte in this process, for reading in place (hashing). Nothing checks
   * accesses through it; it is void once the virtual machine is closed.
   */
  public long hostAddress() {
    windows();
    return hostAddress;
  }

  /** Copies guest memory into {@code target}. */
  public void read(long address, byte[] target, int offset, int length) {
    long at = offsetOf(address, length);
    Objects.checkFromIndexSize(offset, length, target.length);
    int done = 0;
    while (done < length) {
      ByteBuffer window = windows[(int) ((at + done) >>> WINDOW_SHIFT)];
      int within = (int) ((at + done) & WINDOW_MASK);
      int part = Math.min(length - done, window.capacity() - within);
      window.get(within, target, offset + done, part);
      done += part;
    }
  }

  /** Copies {@code source} into guest memory. */
  public void write(long address, byte[] source, int offset, int length) {
    long at = offsetOf(address, length);
    Objects.checkFromIndexSize(offset, length, source.length);
    int done = 0;
    while (done < length) {
      ByteBuffer window = windows[(int) ((at + done) >>> WINDOW_SHIFT)];
      int within = (int) ((at + done) & WINDOW_MASK);
      int part = Math.min(length - done, window.capacity() - within);
      window.put(within, source, offset + done, part);
      done += part;
    }
  }

  /** Reads 8 bytes, little-endian; no alignment needed. */
  public long readLong(long address) {
    long at = offsetOf(address, Long.BYTES);
    int within = (int) (at & WINDOW_MASK);
    ByteBuffer window = windows[(int) (at >>> WINDOW_SHIFT)];
    if (within + Long.BYTES <= window.capacity()) {
      return window.getLong(within);
    }
    byte[] bytes = new byte[Long.BYTES];
    read(address, bytes, 0, Long.BYTES);
    return ByteBuffer.wrap(bytes).order(window.order()).getLong();
  }

  /** Writes 8 bytes, little-endian; no alignment needed. */
  public void writeLong(long address, long value) {
    long at = offsetOf(address, Long.BYTES);
    int within = (int) (at & WINDOW_MASK);
    ByteBuffer window = windows[(int) (at >>> WINDOW_SHIFT)];
    if (within + Long.BYTES <= window.capacity()) {
      window.putLong(within, value);
    } else {
      byte[] bytes = new byte[Long.BYTES];
      ByteBuffer.wrap(bytes).order(window.order()).putLong(value);
      write(address, bytes, 0, Long.BYTES);
    }
  }

  /** Releases the memory. The kernel must no longer use it. */
  void unmap() {
    if (windows != null) {
      windows = null;
      dirtyBitmap.close();
      LibC.munmap(hostAddress, sizeBytes);
    }
  }

  private ByteBuffer[] windows() {
    if (windows == null) {
      throw new IllegalStateException(
          "guest memory was released with its virtual machine: slot=" + slot);
    }
    return windows;
  }

  private long offsetOf(long address, int length) {
    windows();
    long at = address - guestAddress;
    // Written so that no sum can overflow: the address comes from the guest.
    if (length < 0 || at < 0 || at > sizeBytes || length > sizeBytes - at) {
      throw new IndexOutOfBoundsException(
          "outside of guest memory: slot="
              + slot
              + " address=0x"
              + Long.toHexString(address)
              + " length="
              + length
              + " memory=0x"
              + Long.toHexString(guestAddress)
              + "..0x"
              + Long.toHexString(guestAddress + sizeBytes - 1));
    }
    return at;
  }
}
