package io.understudy.machine.disk;

import io.understudy.machine.BadImageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** An open disk image. Owned by the vCPU thread. */
public final class FileBaseImage implements BaseImage, AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final long length;

  FileBaseImage(Path file, FileChannel channel, long length) {
    this.file = file;
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
          throw new BadImageException(
              "disk "
                  + file
                  + ": became shorter while it was being used: bytes expected="
                  + length
                  + " actual="
                  + channel.size()
                  + "; the image of a run must stay as it is");
        }
      }
    } catch (IOException failure) {
      throw new BadImageException("disk " + file + ": cannot be read: " + failure, failure);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException failure) {
      throw new UncheckedIOException("disk " + file + ": cannot be closed", failure);
    }
  }
}
