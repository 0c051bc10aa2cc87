package io.understudy.failover.front;

import io.understudy.capture.console.LinkConnection;
import io.understudy.capture.console.LinkFrame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A node that says what a test tells it, on blocking sockets; the test's timeout bounds waits. */
final class RawNode implements AutoCloseable {
  private final ServerSocketChannel listener;

  RawNode(int port) throws IOException {
    listener = ServerSocketChannel.open();
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  Endpoint endpoint() throws IOException {
    return new Endpoint("127.0.0.1", ((InetSocketAddress) listener.getLocalAddress()).getPort());
  }

  Link accept() throws IOException {
    return new Link(listener.accept());
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }

  /** One connection of the front. */
  static final class Link implements AutoCloseable {
    private final SocketChannel channel;
    private final LinkConnection connection;

    private Link(SocketChannel channel) {
      this.channel = channel;
      this.connection = new LinkConnection(channel);
    }

    void send(LinkFrame frame) throws IOException {
      connection.send(frame);
      connection.flush();
    }

    void sendRaw(byte[] bytes) throws IOException {
      channel.write(ByteBuffer.wrap(bytes));
    }

    /** The next frame of this type; others are dropped. */
    <T extends LinkFrame> T await(Class<T> type) throws IOException {
      while (true) {
        LinkFrame frame = connection.next();
        if (type.isInstance(frame)) {
          return type.cast(frame);
        }
        if (frame == null && connection.receive() < 0) {
          throw new IOException("closed while waiting for " + type.getSimpleName());
        }
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
