package io.understudy.kvm;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/**
 * The vCPU statistic {@code insn_emulation}: instructions the kernel's emulator executed, read from
 * the binary statistics file (Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD). Owned by its
 * {@link Vcpu}, which lends its scratch memory.
 */
final class EmulationCounter implements AutoCloseable {
  private static final String NAME = "insn_emulation";
  private static final int NAME_BYTES_MAX = 256;
  private static final int CLOSED = -1;

  private int fd;
  private final long valueOffset;

  private EmulationCounter(int fd, long valueOffset) {
    this.fd = fd;
    this.valueOffset = valueOffset;
  }

  /** Returns a counter that has no value when the host does not offer the statistic. */
  static EmulationCounter open(int vcpuFd, NativeBuffer scratch) {
    int fd = Ioctl.KVM_GET_STATS_FD.attempt(vcpuFd, 0);
    if (fd < 0) {
      return new EmulationCounter(CLOSED, 0);
    }
    long offset = find(fd, scratch);
    if (offset < 0) {
      LibC.close(fd);
      return new EmulationCounter(CLOSED, 0);
    }
    return new EmulationCounter(fd, offset);
  }

  OptionalLong read(NativeBuffer scratch) {
    if (fd == CLOSED || !readAt(fd, scratch, Long.BYTES, valueOffset)) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(scratch.bytes().getLong(0));
  }

  @Override
  public void close() {
    if (fd != CLOSED) {
      LibC.close(fd);
      fd = CLOSED;
    }
  }

  private static long find(int fd, NativeBuffer scratch) {
    ByteBuffer bytes = scratch.bytes();
    if (!readAt(fd, scratch, Layout.Stats.HEADER_SIZE, 0)) {
      return -1;
    }
    int nameSize = bytes.getInt(Layout.Stats.NAME_SIZE);
    int descriptorCount = bytes.getInt(Layout.Stats.NUM_DESC);
    long descriptorOffset = bytes.getInt(Layout.Stats.DESC_OFFSET);
    long dataOffset = bytes.getInt(Layout.Stats.DATA_OFFSET);
    if (nameSize <= 0 || nameSize > NAME_BYTES_MAX) {
      return -1;
    }
    byte[] name = new byte[nameSize];
    int stride = Layout.Stats.DESC_SIZE + nameSize;
    for (int i = 0; i < descriptorCount; i++) {
      if (!readAt(fd, scratch, stride, descriptorOffset + (long) i * stride)) {
        return -1;
      }
      bytes.get(Layout.Stats.DESC_SIZE, name);
      if (new String(name, StandardCharsets.US_ASCII).trim().equals(NAME)) {
        return dataOffset + bytes.getInt(Layout.Stats.DESC_DATA_OFFSET);
      }
    }
    return -1;
  }

  private static boolean readAt(int fd, NativeBuffer scratch, int sizeBytes, long offset) {
    return LibC.pread(fd, scratch.address(), sizeBytes, offset) == sizeBytes;
  }
}
