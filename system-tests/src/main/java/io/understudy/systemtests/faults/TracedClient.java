package io.understudy.systemtests.faults;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * One connection to the service that keeps every byte it receives. It introduces itself with an
 * ECHO of its name, whose reply marks it in the guest's output. Owned by one thread, but {@link
 * #close} may be called by any.
 */
final class TracedClient implements AutoCloseable {
  private static final int BUFFER_BYTES = 4096;

  private final String name;
  private final Socket socket;
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;

  private TracedClient(String name, Socket socket) {
    this.name = name;
    this.socket = socket;
  }

  /**
   * What one connection received, for comparison with the log.
   *
   * @param name its name
   * @param received all bytes, from the reply to its introduction on
   */
  record Trace(String name, byte[] received) {}

  /** Connects to {@code port} of the loopback address, and waits for the first reply. */
  static TracedClient connect(String name, int port, Duration timeout) throws IOException {
    Socket socket = new Socket();
    TracedClient client = new TracedClient(name, socket);
    try {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) timeout.toMillis());
      socket.setSoTimeout((int) timeout.toMillis());
      socket.setTcpNoDelay(true);
      String echoed = client.request("ECHO", name);
      if (!echoed.equals(name)) {
        throw new UnexpectedReplyException("ECHO " + name, echoed);
      }
      return client;
    } catch (IOException e) {
      client.close();
      throw e;
    }
  }

  /** A reply that is none to the request: the service has done something it must not do. */
  static final class UnexpectedReplyException extends IOException {
    private static final long serialVersionUID = 1L;

    UnexpectedReplyException(String request, String reply) {
      super("unexpected reply: request=" + request + " reply=" + reply);
    }
  }

  /** Sends a request and returns the reply; that of a missing value is empty. */
  String request(String... words) throws IOException {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(ascii("*" + words.length + "\r\n"));
    for (String word : words) {
      request.writeBytes(ascii("$" + word.length() + "\r\n" + word + "\r\n"));
    }
    OutputStream out = socket.getOutputStream();
    out.write(request.toByteArray());
    out.flush();
    String line = line();
    char type = line.isEmpty() ? '?' : line.charAt(0);
    return switch (type) {
      case '+', ':' -> line.substring(1);
      case '$' -> line.equals("$-1") ? "" : bulk(Integer.parseInt(line.substring(1)));
      default -> throw new UnexpectedReplyException(String.join(" ", words), line);
    };
  }

  /** What it has received. */
  Trace trace() {
    return new Trace(name, received.toByteArray());
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      // It is gone either way.
      return;
    }
  }

  private String bulk(int size) throws IOException {
    byte[] value = new byte[size + 2];
    for (int index = 0; index < value.length; index++) {
      value[index] = (byte) next();
    }
    return new String(value, 0, size, StandardCharsets.US_ASCII);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = next(); next != '\n'; next = next()) {
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }

  private int next() throws IOException {
    if (position == limit) {
      InputStream in = socket.getInputStream();
      int count = in.read(buffer);
      if (count < 0) {
        throw new EOFException("connection closed by the other side");
      }
      received.write(buffer, 0, count);
      position = 0;
      limit = count;
    }
    return buffer[position++];
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
