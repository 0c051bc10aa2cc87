package io.understudy.capture.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WriteFenceTest {
  private static final int BLOCK_BYTES = 64 * 1024;

  private final WriteFence fence = new WriteFence();

  @Test
  void closingWaitsForTheWriteUnderWay() throws Exception {
    CountDownLatch isWriting = new CountDownLatch(1);
    AtomicBoolean mayEnd = new AtomicBoolean();
    AtomicBoolean hasEnded = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              try {
                fence.write(
                    () -> {
                      isWriting.countDown();
                      while (!mayEnd.get()) {
                        Thread.onSpinWait();
                      }
                      hasEnded.set(true);
                    });
              } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
              }
            });
    writer.start();
    isWriting.await();
    Thread closer = new Thread(fence::close);
    closer.start();
    // Either it waits, as it must, or it has come to its end without.
    while (closer.getState() != Thread.State.WAITING
        && closer.getState() != Thread.State.TERMINATED) {
      Thread.onSpinWait();
    }
    Thread.State state = closer.getState();
    boolean endedBefore = hasEnded.get();
    mayEnd.set(true);
    closer.join();
    writer.join();
    assertThat(state).isEqualTo(Thread.State.WAITING);
    assertThat(endedBefore).isFalse();
    assertThat(hasEnded).isTrue();
  }

  @Test
  void nothingIsWritten_onceItIsClosed() throws IOException {
    AtomicBoolean hasWritten = new AtomicBoolean();
    assertThat(fence.close()).isTrue();
    assertThat(fence.write(() -> hasWritten.set(true))).isFalse();
    assertThat(hasWritten).isFalse();
    assertThat(fence.close()).isFalse();
  }

  @Test
  void discardsWhatTheKernelStillHas() throws Exception {
    try (ServerSocketChannel listener = listen();
        SocketChannel front = connect(listener);
        SocketChannel channel = listener.accept()) {
      channel.configureBlocking(false);
      fence.admit(channel);
      long written = fill(channel);
      assertThat(fence.close()).isTrue();
      assertThat(channel.isOpen()).isFalse();
      CompletableFuture<Long> received = CompletableFuture.supplyAsync(() -> drain(front));
      assertThat(received.get(20, TimeUnit.SECONDS)).isBetween(0L, written - 1);
    }
  }

  @Test
  void abortsChannelsThatComeTooLate() throws IOException {
    fence.close();
    try (ServerSocketChannel listener = listen();
        SocketChannel front = connect(listener);
        SocketChannel channel = listener.accept()) {
      fence.admit(channel);
      assertThat(channel.isOpen()).isFalse();
      assertThatThrownBy(() -> front.read(ByteBuffer.allocate(1))).isInstanceOf(IOException.class);
    }
  }

  @Test
  void leavesChannelsAloneThatWereForgotten() throws IOException {
    try (ServerSocketChannel listener = listen();
        SocketChannel front = connect(listener);
        SocketChannel channel = listener.accept()) {
      fence.admit(channel);
      fence.forget(channel);
      fence.close();
      assertThat(channel.isOpen()).isTrue();
      assertThat(front.isConnected()).isTrue();
    }
  }

  private static ServerSocketChannel listen() throws IOException {
    return ServerSocketChannel.open()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static SocketChannel connect(ServerSocketChannel listener) throws IOException {
    SocketChannel channel = SocketChannel.open();
    // Small, so that most of what is sent has to wait at the sender.
    channel.setOption(StandardSocketOptions.SO_RCVBUF, BLOCK_BYTES);
    channel.connect(listener.getLocalAddress());
    return channel;
  }

  /** Writes until the socket takes no more. */
  private static long fill(SocketChannel channel) throws IOException {
    long written = 0;
    int count;
    do {
      count = channel.write(ByteBuffer.allocate(BLOCK_BYTES));
      written += count;
    } while (count > 0);
    return written;
  }

  /** Bytes read until the connection breaks; -1 if it ends in good order instead. */
  private static long drain(SocketChannel channel) {
    long received = 0;
    ByteBuffer buffer = ByteBuffer.allocate(BLOCK_BYTES);
    try {
      while (true) {
        int count = channel.read(buffer.clear());
        if (count < 0) {
          return -1;
        }
        received += count;
      }
    } catch (IOException reset) {
      return received;
    }
  }
}
