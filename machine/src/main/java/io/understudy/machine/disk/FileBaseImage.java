package io.understudy.machine.disk;

import io.understudy.machine.BadImageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** An open disk image. Owned by the vCPU thread. */
public final class FileBaseImage implements BaseImage, AutoCloseable {
  private final FileChannel channel;
  private final long length;

  FileBaseImage(FileChannel channel, long length) {
    this.channel = channel;
    this.length = length;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void read(long position, byte[] target, int offset, int count) {
    ByteBuffer into = ByteBuffer.wrap(target, offset, count);
    try {
      while (into.hasRemaining()) {
        if (channel.read(into, position + into.position() - offset) < 0) {
          throw new BadImageException("a disk image became shorter while it was being used");
        }
      }
    } catch (IOException failure) {
      throw new BadImageException("a disk image cannot be read: " + failure, failure);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException failure) {
      throw new UncheckedIOException("a disk image cannot be closed", failure);
    }
  }
}
