package io.understudy.kvm;

import java.nio.ByteBuffer;

/**
 * Zeroed, page-aligned native memory outside the Java heap, for arguments of native calls. Owned by
 * whoever allocated it and used by one thread at a time; nothing is freed by the garbage collector.
 */
final class NativeBuffer implements AutoCloseable {
  private final long address;
  private final int sizeBytes;
  private ByteBuffer bytes;

  private NativeBuffer(long address, int sizeBytes) {
    this.address = address;
    this.sizeBytes = sizeBytes;
    this.bytes = NativeAccess.view(address, sizeBytes);
  }

  static NativeBuffer allocate(int sizeBytes) {
    return new NativeBuffer(mapAnonymous(sizeBytes, 0), sizeBytes);
  }

  /** Maps private anonymous memory, with {@code extraFlags} of mmap(2). */
  static long mapAnonymous(long sizeBytes, int extraFlags) {
    long address =
        LibC.mmap(
            0,
            sizeBytes,
            LibC.PROT_READ_WRITE,
            LibC.MAP_PRIVATE | LibC.MAP_ANONYMOUS | extraFlags,
            -1,
            0);
    if (address == LibC.MAP_FAILED) {
      throw new KvmException("mmap", NativeAccess.errno(), "sizeBytes=" + sizeBytes);
    }
    return address;
  }

  long address() {
    return address;
  }

  /** The memory itself; absolute access only, so that no caller depends on another's position. */
  ByteBuffer bytes() {
    if (bytes == null) {
      throw new IllegalStateException("native memory was released");
    }
    return bytes;
  }

  void clear(int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      bytes().put(i, (byte) 0);
    }
  }

  @Override
  public void close() {
    if (bytes != null) {
      bytes = null;
      LibC.munmap(address, sizeBytes);
    }
  }
}
