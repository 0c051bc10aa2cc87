package io.understudy.failover.front;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A blocking client of a front; reading fails after 20 s of silence. */
final class LineClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;

  LineClient(InetSocketAddress front) throws IOException {
    this(front, new Socket());
  }

  /** With a socket that is not connected yet. */
  LineClient(InetSocketAddress front, Socket socket) throws IOException {
    this.socket = socket;
    socket.connect(front, 20_000);
    socket.setSoTimeout(20_000);
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream());
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The next line without its end, null at the end of the stream. */
  String line() throws IOException {
    StringBuilder line = new StringBuilder();
    int value = in.read();
    while (value >= 0 && value != '\n') {
      line.append((char) value);
      value = in.read();
    }
    return value < 0 && line.length() == 0 ? null : line.toString();
  }

  /** Everything up to the end of the stream. */
  String rest() throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  /** Closes the sending side. */
  void end() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
