package io.understudy.capture.console;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * A front that says what a test tells it, on a blocking socket; the test's timeout bounds waits.
 */
final class LinkPeer implements AutoCloseable {
  private final SocketChannel channel;
  private final LinkConnection connection;

  LinkPeer(InetSocketAddress server) throws IOException {
    channel = SocketChannel.open(server);
    connection = new LinkConnection(channel);
  }

  void send(LinkFrame frame) throws IOException {
    connection.send(frame);
    connection.flush();
  }

  void input(long offset, String text) throws IOException {
    send(new LinkFrame.Input(offset, text.getBytes(StandardCharsets.US_ASCII)));
  }

  void sendRaw(byte[] bytes) throws IOException {
    channel.write(ByteBuffer.wrap(bytes));
  }

  /** Reads HELLO and attaches where it says, from the oldest output on. */
  LinkFrame.Hello attach() throws IOException {
    LinkFrame.Hello hello = await(LinkFrame.Hello.class);
    send(new LinkFrame.Attach(UUID.randomUUID(), hello.inputNext(), hello.outputStart()));
    await(LinkFrame.InputAck.class);
    return hello;
  }

  /** The next frame of this type; others are dropped. */
  <T extends LinkFrame> T await(Class<T> type) throws IOException {
    while (true) {
      LinkFrame frame = next();
      if (type.isInstance(frame)) {
        return type.cast(frame);
      }
      if (frame == null) {
        throw new IOException("closed while waiting for " + type.getSimpleName());
      }
    }
  }

  /** The next frame, null once the server has closed. */
  LinkFrame next() throws IOException {
    LinkFrame frame = connection.next();
    while (frame == null && connection.receive() >= 0) {
      frame = connection.next();
    }
    return frame;
  }

  /** Output until {@code size} bytes of it have arrived. */
  String output(int size) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.length() < size) {
      byte[] bytes = await(LinkFrame.Output.class).bytes();
      text.append(new String(bytes, StandardCharsets.US_ASCII));
    }
    return text.toString();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
