package io.understudy.capture.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ConsoleServerTest {
  private static final UUID RUN = UUID.randomUUID();

  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final BlockingQueue<String> taken = new LinkedBlockingQueue<>();
  private final AtomicBoolean isSinkFull = new AtomicBoolean();
  private final ConsoleServer server = open(Duration.ofSeconds(30));

  private ConsoleServer open(Duration silenceTimeout) {
    ConsoleServer opened =
        ConsoleServer.open(
            new ConsoleSettings(
                "vm",
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Duration.ofMillis(50),
                silenceTimeout),
            new OutputBuffer(),
            failed -> failure.compareAndSet(null, failed));
    opened.start();
    return opened;
  }

  @AfterEach
  void close() {
    server.close();
    assertThat(failure.get()).isNull();
  }

  private void goLive(ConsoleServer target, long inputOffset, long outputOffset) {
    target.goLive(new LiveConsole(RUN, 3, inputOffset, outputOffset, this::take));
  }

  private boolean take(long offset, byte[] bytes) {
    if (isSinkFull.get()) {
      return false;
    }
    taken.add(offset + ":" + new String(bytes, StandardCharsets.US_ASCII));
    return true;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void waitingFrontGetsHelloWhenTheNodeGoesLive() throws Exception {
    server.transmitted(ascii("0123456789"));
    server.output().prune(4);
    try (LinkPeer peer = new LinkPeer(server.address())) {
      // A standby says nothing but PING.
      assertThat(peer.next()).isInstanceOf(LinkFrame.Ping.class);
      goLive(server, 70, 8);
      LinkFrame.Hello hello = peer.await(LinkFrame.Hello.class);
      assertThat(hello).isEqualTo(new LinkFrame.Hello("vm", RUN, 3, 70, 70, 4, 8));
      peer.send(new LinkFrame.Attach(UUID.randomUUID(), 70, 6));
      assertThat(peer.await(LinkFrame.InputAck.class).offset()).isEqualTo(70);
      assertThat(peer.await(LinkFrame.Output.class))
          .isEqualTo(new LinkFrame.Output(6, ascii("67")));
    }
  }

  @Test
  void outputLeavesOnlyWhenItIsCommitted() throws Exception {
    goLive(server, 0, 0);
    try (LinkPeer peer = new LinkPeer(server.address())) {
      peer.attach();
      server.transmitted(ascii("first"));
      // Two answers: the server's loop has gone round with the output in its buffer.
      for (long clock = 1; clock <= 2; clock++) {
        peer.send(new LinkFrame.Ping(clock));
        LinkFrame frame = peer.next();
        while (!(frame instanceof LinkFrame.Pong)) {
          assertThat(frame).isNotInstanceOf(LinkFrame.Output.class);
          frame = peer.next();
        }
      }
      server.committed(0, 3);
      assertThat(peer.await(LinkFrame.Output.class))
          .isEqualTo(new LinkFrame.Output(0, ascii("fir")));
      server.committed(0, 5);
      assertThat(peer.await(LinkFrame.Output.class))
          .isEqualTo(new LinkFrame.Output(3, ascii("st")));
      peer.send(new LinkFrame.OutputAck(5));
      assertThat(server.finish("end", Duration.ofSeconds(20))).isTrue();
      assertThat(server.output().releasedByPeer()).isEqualTo(5);
    }
  }

  @Test
  void inputIsTakenInOrderAndAcknowledgedWhenCommitted() throws Exception {
    goLive(server, 10, 0);
    try (LinkPeer peer = new LinkPeer(server.address())) {
      assertThat(peer.attach().inputNext()).isEqualTo(10);
      peer.input(10, "one");
      peer.input(13, "two");
      assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo("10:one");
      assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo("13:two");
      server.committed(13, 0);
      assertThat(peer.await(LinkFrame.InputAck.class).offset()).isEqualTo(13);
    }
    try (LinkPeer again = new LinkPeer(server.address())) {
      LinkFrame.Hello hello = again.await(LinkFrame.Hello.class);
      assertThat(hello.inputNext()).isEqualTo(16);
      assertThat(hello.inputCommitted()).isEqualTo(13);
    }
  }

  @Test
  void fullSinkHoldsInputBack() throws Exception {
    goLive(server, 0, 0);
    isSinkFull.set(true);
    try (LinkPeer peer = new LinkPeer(server.address())) {
      peer.attach();
      peer.input(0, "one");
      peer.input(3, "two");
      // The server still serves while it waits for the sink.
      server.transmitted(ascii("x"));
      server.committed(0, 1);
      assertThat(peer.output(1)).isEqualTo("x");
      assertThat(taken).isEmpty();
      isSinkFull.set(false);
      assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo("0:one");
      assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo("3:two");
    }
  }

  /** The writes under way while it stops are {@link WriteFenceTest}'s business. */
  @RepeatedTest(5)
  void nothingIsWrittenAfterStopHasReturned() throws Exception {
    goLive(server, 0, 0);
    AtomicBoolean hasStopped = new AtomicBoolean();
    AtomicBoolean isDone = new AtomicBoolean();
    try (LinkPeer peer = new LinkPeer(server.address())) {
      peer.attach();
      Thread guest =
          new Thread(
              () -> {
                long end = 0;
                int late = 0;
                while (late < 2000 && !isDone.get()) {
                  boolean isLate = hasStopped.get();
                  late += isLate ? 1 : 0;
                  server.transmitted(ascii(isLate ? "X" : "o"));
                  end++;
                  server.committed(0, end);
                  server.output().prune(Math.max(0, end - 1_000_000));
                }
              });
      CompletableFuture<String> received =
          CompletableFuture.supplyAsync(
              () -> {
                StringBuilder all = new StringBuilder();
                try {
                  // The first byte that is late is proof enough.
                  while (all.indexOf("X") < 0) {
                    String piece = peer.output(1);
                    all.append(piece);
                    peer.send(new LinkFrame.OutputAck(all.length()));
                  }
                } catch (IOException closed) {
                  // As it must be.
                }
                return all.toString();
              });
      guest.start();
      while (server.output().releasedByPeer() < 10_000) {
        Thread.onSpinWait();
      }
      server.stop("test");
      hasStopped.set(true);
      guest.join();
      isDone.set(true);
      assertThat(received.get(20, TimeUnit.SECONDS)).contains("o").doesNotContain("X");
    }
    assertThatThrownBy(() -> new LinkPeer(server.address())).isInstanceOf(IOException.class);
  }

  @Test
  void malformedFrameClosesThatConnectionOnly() throws Exception {
    goLive(server, 0, 0);
    byte[][] malformed = {
      {0, 0, 0, 0}, // no type
      {127, 0, 0, 0}, // too long
      {0, 0, 0, 1, 99}, // unknown type
      {0, 0, 0, 3, 3, 1, 1}, // INPUT cut short
      {0, 0, 0, 10, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1}, // PING with a surplus byte
      {0, 0, 0, 9, 6, -1, 0, 0, 0, 0, 0, 0, 0}, // negative offset
    };
    try (LinkPeer bystander = new LinkPeer(server.address())) {
      bystander.attach();
      for (byte[] bytes : malformed) {
        try (LinkPeer peer = new LinkPeer(server.address())) {
          peer.sendRaw(bytes);
          assertThat(peer.await(LinkFrame.Goodbye.class).reason()).contains("frame");
          assertThat(peer.next()).isNull();
        }
      }
      bystander.input(0, "still here");
      assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo("0:still here");
    }
  }

  @Test
  void framesThatDoNotFitEndTheConnection() throws Exception {
    goLive(server, 5, 0);
    expectGoodbye(new LinkFrame.Input(5, ascii("x")), false, "needs an ATTACH");
    expectGoodbye(new LinkFrame.Input(6, ascii("x")), true, "out of order: expected=5 offset=6");
    expectGoodbye(new LinkFrame.OutputAck(1), true, "not sent");
    expectGoodbye(new LinkFrame.Attach(RUN, 5, 0), true, "once");
    expectGoodbye(new LinkFrame.Attach(RUN, 4, 0), false, "does not fit");
    expectGoodbye(new LinkFrame.Attach(RUN, 5, 1), false, "does not fit");
    expectGoodbye(new LinkFrame.InputAck(5), true, "node's");
  }

  private void expectGoodbye(LinkFrame frame, boolean attaches, String reason) throws IOException {
    try (LinkPeer peer = new LinkPeer(server.address())) {
      if (attaches) {
        peer.attach();
      } else {
        peer.await(LinkFrame.Hello.class);
      }
      peer.send(frame);
      assertThat(peer.await(LinkFrame.Goodbye.class).reason()).contains(reason);
    }
  }

  @Test
  void windowOfUnacknowledgedInputIsEnforced() throws Exception {
    goLive(server, 0, 0);
    try (LinkPeer peer = new LinkPeer(server.address())) {
      peer.attach();
      byte[] message = new byte[LinkFrame.INPUT_BYTES_MAX];
      int messages = LinkFrame.INPUT_WINDOW_BYTES / message.length;
      for (int count = 0; count < messages; count++) {
        peer.send(new LinkFrame.Input((long) count * message.length, message));
      }
      peer.input(LinkFrame.INPUT_WINDOW_BYTES, "x");
      assertThat(peer.await(LinkFrame.Goodbye.class).reason()).contains("without acknowledgement");
      assertThat(taken).hasSize(messages);
    }
  }

  @Test
  void aPeerThatAsksAndDoesNotReadIsDismissed() throws Exception {
    goLive(server, 0, 0);
    byte[] ping = LinkCodec.encode(new LinkFrame.Ping(7));
    ByteBuffer pings = ByteBuffer.allocate(1000 * ping.length);
    while (pings.hasRemaining()) {
      pings.put(ping);
    }
    // More than sockets and the server hold together.
    int most = (64 << 20) / pings.capacity();
    try (LinkPeer peer = new LinkPeer(server.address())) {
      assertThatThrownBy(
              () -> {
                for (int count = 0; count < most; count++) {
                  peer.sendRaw(pings.array());
                }
              })
          .isInstanceOf(IOException.class);
    }
    try (LinkPeer next = new LinkPeer(server.address())) {
      next.attach();
    }
  }

  @Test
  void newerAttachReplacesTheOlder() throws Exception {
    goLive(server, 0, 0);
    try (LinkPeer older = new LinkPeer(server.address());
        LinkPeer newer = new LinkPeer(server.address())) {
      older.attach();
      newer.attach();
      assertThat(older.await(LinkFrame.Goodbye.class).reason()).contains("replaced");
      newer.input(0, "mine");
      assertThat(taken.poll(20, TimeUnit.SECONDS)).isEqualTo("0:mine");
      assertThat(server.isAttached()).isTrue();
    }
  }

  @Test
  void silentFrontIsDropped() throws Exception {
    try (ConsoleServer impatient = open(Duration.ofMillis(150));
        LinkPeer peer = new LinkPeer(impatient.address())) {
      assertThat(peer.await(LinkFrame.Goodbye.class).reason()).contains("silent");
    }
  }

  @Test
  void finishGivesUpWhenTheFrontDoesNotAcknowledge() throws Exception {
    goLive(server, 0, 0);
    try (LinkPeer peer = new LinkPeer(server.address())) {
      peer.attach();
      server.transmitted(ascii("x"));
      server.committed(0, 1);
      assertThat(server.finish("end", Duration.ofMillis(100))).isFalse();
    }
  }
}
