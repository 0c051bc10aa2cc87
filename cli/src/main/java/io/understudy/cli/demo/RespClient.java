package io.understudy.cli.demo;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/**
 * A blocking client of the Redis protocol, RESP2 (https://redis.io/docs/latest/develop/reference/
 * protocol-spec/), with the few commands that the traffic uses. Owned by one thread.
 *
 * <p>Every method throws {@link IOException} when the connection is lost, silent for longer than
 * its timeout, or answers something that is no answer to the request.
 */
public final class RespClient implements AutoCloseable {
  private final Closeable connection;
  private final InputStream in;
  private final OutputStream out;

  private RespClient(Closeable connection, InputStream in, OutputStream out) {
    this.connection = connection;
    this.in = new BufferedInputStream(in);
    this.out = out;
  }

  /** Speaks to a service that reads {@code out} and writes {@code in}; no reply is ever late. */
  public static RespClient over(InputStream in, OutputStream out) {
    return new RespClient(out, in, out);
  }

  /**
   * Connects to {@code port} of the loopback address; no reply may take longer than the timeout.
   */
  public static RespClient connect(int port, Duration timeout) throws IOException {
    return connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeout);
  }

  /** Connects to any address; the same otherwise. */
  public static RespClient connect(InetSocketAddress address, Duration timeout) throws IOException {
    Socket socket = new Socket();
    try {
      int timeoutMillis = Math.toIntExact(timeout.toMillis());
      socket.connect(address, timeoutMillis);
      socket.setSoTimeout(timeoutMillis);
      socket.setTcpNoDelay(true);
      return new RespClient(socket, socket.getInputStream(), socket.getOutputStream());
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Whether PING is answered with PONG. */
  public boolean ping() throws IOException {
    return "PONG".equals(command('+', "PING"));
  }

  /** Adds one to a counter and returns its new value. */
  public long incr(String key) throws IOException {
    return integer(command(':', "INCR", key));
  }

  /** Stores a value. */
  public void set(String key, String value) throws IOException {
    command('+', "SET", key, value);
  }

  /** A stored value, empty when there is none. */
  public Optional<String> get(String key) throws IOException {
    return Optional.ofNullable(command('$', "GET", key));
  }

  /** An unpredictable number of the guest's. */
  public long random() throws IOException {
    return integer(command(':', "RANDOM"));
  }

  /** BURN: the guest computes for so long; the answer depends on where its interrupts came. */
  public long burn(int millis) throws IOException {
    return integer(command(':', "BURN", Integer.toString(millis)));
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (IOException e) {
      // The connection is gone either way, and no reply is outstanding.
      return;
    }
  }

  private String command(char expectedType, String... words) throws IOException {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.writeBytes(ascii("*" + words.length + "\r\n"));
    for (String word : words) {
      byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
      request.writeBytes(ascii("$" + bytes.length + "\r\n"));
      request.writeBytes(bytes);
      request.writeBytes(ascii("\r\n"));
    }
    out.write(request.toByteArray());
    out.flush();
    String line = line();
    if (line.isEmpty() || line.charAt(0) != expectedType) {
      throw new IOException(
          "unexpected reply: request="
              + String.join(" ", words)
              + " expectedType="
              + expectedType
              + " reply="
              + line);
    }
    return expectedType == '$' ? bulk(line) : line.substring(1);
  }

  private String bulk(String line) throws IOException {
    long size = integer(line.substring(1));
    if (size < 0) {
      return null;
    }
    byte[] value = in.readNBytes(Math.toIntExact(size));
    byte[] end = in.readNBytes(2);
    if (value.length < size || end.length < 2) {
      throw new EOFException("connection closed within a reply");
    }
    return new String(value, StandardCharsets.UTF_8);
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("connection closed by the other side");
      }
      if (next == '\n') {
        return line.toString(StandardCharsets.UTF_8);
      }
      if (next != '\r') {
        line.write(next);
      }
    }
  }

  private static long integer(String text) throws IOException {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException("reply is no integer: reply=" + text, e);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
