package io.understudy.kvm;

import java.nio.ByteBuffer;

/**
 * The {@code struct kvm_run} mapping of one vCPU. Owned by its {@link Vcpu}; after {@link #close()}
 * every access fails instead of touching memory that is gone. The buffer is read in place because
 * the exit path runs for every device access of the guest.
 */
final class RunArea implements AutoCloseable {
  private final long address;
  private final int sizeBytes;
  private ByteBuffer bytes;

  RunArea(int vcpuFd, int sizeBytes) {
    address = LibC.mmap(0, sizeBytes, LibC.PROT_READ_WRITE, LibC.MAP_SHARED, vcpuFd, 0);
    if (address == LibC.MAP_FAILED) {
      throw new KvmException("mmap", NativeAccess.errno(), "of=kvm_run sizeBytes=" + sizeBytes);
    }
    this.sizeBytes = sizeBytes;
    bytes = NativeAccess.view(address, sizeBytes);
  }

  /** Absolute access only. */
  ByteBuffer bytes() {
    ByteBuffer open = bytes;
    if (open == null) {
      throw new IllegalStateException("vCPU is closed");
    }
    return open;
  }

  /** Address of a field, for ioctls that fill a part of the area. */
  long addressOf(int offset) {
    return address + offset;
  }

  void markDirty(int groups) {
    ByteBuffer b = bytes();
    b.putLong(Layout.Run.DIRTY_REGS, b.getLong(Layout.Run.DIRTY_REGS) | groups);
  }

  long dirtyGroups() {
    return bytes().getLong(Layout.Run.DIRTY_REGS);
  }

  void clearDirty(int groups) {
    ByteBuffer b = bytes();
    b.putLong(Layout.Run.DIRTY_REGS, b.getLong(Layout.Run.DIRTY_REGS) & ~(long) groups);
  }

  byte[] copy(int offset, int length) {
    byte[] copy = new byte[length];
    bytes().get(offset, copy);
    return copy;
  }

  @Override
  public void close() {
    if (bytes != null) {
      bytes = null;
      LibC.munmap(address, sizeBytes);
    }
  }
}
