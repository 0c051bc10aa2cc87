package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.capture.console.ByteQueue;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tlschannel.NeedsReadException;
import tlschannel.NeedsWriteException;
import tlschannel.TlsChannel;

/**
 * What the wire makes of what TLS says; TLS itself is scripted, for full sockets come as they like.
 */
class TlsWireTest {
  private final Deque<Step> reads = new ArrayDeque<>();
  private final Deque<Step> writes = new ArrayDeque<>();
  private ServerSocketChannel listener;
  private SocketChannel client;
  private SocketChannel channel;
  private TlsWire wire;

  private interface Step {
    int run(ByteBuffer buffer) throws IOException;
  }

  @BeforeEach
  void open() throws Exception {
    listener = ServerSocketChannel.open();
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    client = SocketChannel.open(listener.getLocalAddress());
    channel = listener.accept();
    channel.configureBlocking(false);
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    TlsChannel tls =
        (TlsChannel)
            Proxy.newProxyInstance(
                TlsWireTest.class.getClassLoader(),
                new Class<?>[] {TlsChannel.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "handshake" -> null;
                      case "getSslEngine" -> engine;
                      case "shutdown", "shutdownReceived" -> false;
                      case "read" -> reads.remove().run((ByteBuffer) arguments[0]);
                      case "write" -> writes.remove().run((ByteBuffer) arguments[0]);
                      default -> throw new UnsupportedOperationException(method.getName());
                    });
    wire = new TlsWire(channel, tls);
    assertThat(wire.settle()).isTrue();
  }

  @AfterEach
  void close() throws IOException {
    channel.close();
    client.close();
    listener.close();
  }

  @Test
  void nothingMoreIsAtHand_afterShutdown() throws Exception {
    reads.add(TlsWireTest::fill);
    assertThat(wire.read(ByteBuffer.allocate(4))).isEqualTo(4);
    assertThat(wire.hasMore()).isTrue();
    wire.shutdownOutput();
    assertThat(wire.hasMore()).isFalse();
  }

  @Test
  void readingGoesOn_whenTlsHadToWriteAndHas() throws Exception {
    reads.add(
        target -> {
          throw new NeedsWriteException();
        });
    assertThat(wire.read(ByteBuffer.allocate(4))).isZero();
    assertThat(wire.hasMore()).isFalse();
    assertThat(wire.isFlushed()).isFalse();
    writes.add(
        source -> {
          throw new NeedsWriteException();
        });
    assertThat(wire.write(new ByteQueue())).isZero();
    assertThat(wire.hasMore()).isFalse();
    writes.add(source -> 0);
    assertThat(wire.write(new ByteQueue())).isZero();
    assertThat(wire.isFlushed()).isTrue();
    assertThat(wire.hasMore()).isTrue();
    reads.add(
        target -> {
          throw new NeedsReadException();
        });
    assertThat(wire.read(ByteBuffer.allocate(4))).isZero();
    assertThat(wire.hasMore()).isFalse();
  }

  @Test
  void writingFails_whenTlsTakesNothingMore() {
    writes.add(source -> 0);
    ByteQueue bytes = new ByteQueue();
    bytes.add(new byte[3]);
    assertThatThrownBy(() -> wire.write(bytes))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("bytes=3");
  }

  @Test
  void failureOfTlsIsOneOfTheConnection() {
    Step failing =
        buffer -> {
          throw new AssertionError("of the library");
        };
    reads.add(failing);
    writes.add(failing);
    ByteQueue bytes = new ByteQueue();
    bytes.add(new byte[3]);
    assertThatThrownBy(() -> wire.read(ByteBuffer.allocate(4))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> wire.write(bytes)).isInstanceOf(IOException.class);
  }

  private static int fill(ByteBuffer target) {
    int count = target.remaining();
    target.position(target.limit());
    return count;
  }
}
