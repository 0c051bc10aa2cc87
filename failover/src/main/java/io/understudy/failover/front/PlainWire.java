package io.understudy.failover.front;

import io.understudy.capture.console.ByteQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** The client's bytes as they are. */
final class PlainWire implements Wire {
  private final SocketChannel channel;

  /** Takes ownership of {@code channel}. */
  PlainWire(SocketChannel channel) {
    this.channel = channel;
  }

  @Override
  public boolean settle() {
    return true;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    return channel.read(target);
  }

  @Override
  public boolean hasMore() {
    return false;
  }

  @Override
  public int write(ByteQueue bytes) throws IOException {
    return bytes.writeTo(channel);
  }

  @Override
  public boolean isFlushed() {
    return true;
  }

  @Override
  public int interest(boolean wantsRead, boolean wantsWrite) {
    return (wantsRead ? SelectionKey.OP_READ : 0) | (wantsWrite ? SelectionKey.OP_WRITE : 0);
  }

  @Override
  public void shutdownOutput() throws IOException {
    channel.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
