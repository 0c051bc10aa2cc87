package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.capture.console.LinkFrame;
import io.understudy.failover.coordinator.VmFront;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a front makes of the things a node can say. */
@Timeout(60)
class FrontLinkTest {
  private static final Duration PATIENT = Duration.ofSeconds(20);

  private final RecordingListener listener = new RecordingListener();
  private final UUID run = UUID.randomUUID();
  private RawNode node;
  private Front front;

  @BeforeEach
  void open() throws Exception {
    node = new RawNode(0);
  }

  @AfterEach
  void close() throws Exception {
    front.close();
    node.close();
  }

  private void open(ConsoleMode mode, Duration silenceTimeout) throws Exception {
    FrontSettings.Timing timing =
        new FrontSettings.Timing(
            Duration.ofMillis(50),
            silenceTimeout,
            Duration.ofMillis(5),
            Duration.ofMillis(5),
            PATIENT,
            PATIENT);
    front =
        Front.open(
            new FrontSettings(
                "vm",
                run,
                mode,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                FrontSettings.Limits.DEFAULT,
                timing,
                Optional.empty()),
            listener);
    front.start();
    front.nodes(Set.of(node.endpoint()));
  }

  private LinkFrame.Hello hello(long term, long inputNext, long outputStart, long released) {
    return new LinkFrame.Hello("vm", run, term, inputNext, inputNext, outputStart, released);
  }

  private static LinkFrame.Output output(long offset, String text) {
    return new LinkFrame.Output(offset, text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Lets the front know input 0 to 2 and output 0 to 3 of the run for sure. */
  private void establish(LineClient client) throws IOException {
    try (RawNode.Link link = node.accept()) {
      link.send(hello(1, 0, 0, 0));
      assertThat(link.await(LinkFrame.Attach.class).outputFrom()).isZero();
      link.send(new LinkFrame.InputAck(0));
      client.send("x\n");
      assertThat(link.await(LinkFrame.Input.class).offset()).isZero();
      link.send(new LinkFrame.InputAck(2));
      link.send(output(0, "ab\n"));
      assertThat(client.line()).isEqualTo("ab");
      assertThat(link.await(LinkFrame.OutputAck.class).offset()).isEqualTo(3);
    }
  }

  @Test
  void nodeThatLacksOutputEndsTheFront() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (LineClient client = new LineClient(front.address())) {
      establish(client);
      try (RawNode.Link link = node.accept()) {
        link.send(hello(2, 2, 4, 10));
        assertThat(listener.await("inconsistent")).contains("needed=3", "outputStart=4");
      }
      assertThatThrownBy(client::line).isInstanceOf(IOException.class);
    }
    assertThat(front.statistics().state()).isEqualTo(FrontState.BROKEN);
    assertThatThrownBy(() -> new LineClient(front.address())).isInstanceOf(IOException.class);
  }

  @Test
  void nodeThatLostCommittedInputEndsTheFront() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (LineClient client = new LineClient(front.address())) {
      establish(client);
      try (RawNode.Link link = node.accept()) {
        link.send(hello(2, 0, 0, 3));
        assertThat(listener.await("inconsistent")).contains("inputBase=2", "inputNext=0");
      }
    }
  }

  @Test
  void gapInOutputEndsTheFront() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (RawNode.Link link = node.accept()) {
      link.send(hello(1, 0, 0, 0));
      link.await(LinkFrame.Attach.class);
      link.send(output(10, "late"));
      assertThat(listener.await("inconsistent")).contains("expected=0", "offset=10");
    }
  }

  @Test
  void outputThatIsThereAlreadyIsDropped() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (LineClient client = new LineClient(front.address())) {
      establish(client);
      try (RawNode.Link link = node.accept()) {
        link.send(hello(2, 2, 0, 3));
        LinkFrame.Attach attach = link.await(LinkFrame.Attach.class);
        assertThat(attach.outputFrom()).isEqualTo(3);
        assertThat(attach.inputFrom()).isEqualTo(2);
        link.send(output(0, "ab\n"));
        link.send(output(1, "b\ncd\n"));
        assertThat(client.line()).isEqualTo("cd");
        FrontTakeoverTest.await(() -> front.statistics().duplicateOutputBytes() == 5);
      }
    }
  }

  @Test
  void inputThatWasNotCommittedIsSentAgainInTheSameMessages() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (LineClient client = new LineClient(front.address())) {
      establish(client);
      try (RawNode.Link link = node.accept()) {
        link.send(hello(2, 2, 0, 3));
        client.send("one\n");
        assertThat(link.await(LinkFrame.Input.class).bytes()).hasSize(4);
        client.send("two\n");
        assertThat(link.await(LinkFrame.Input.class).bytes()).hasSize(4);
      }
      try (RawNode.Link link = node.accept()) {
        link.send(hello(3, 6, 0, 3));
        LinkFrame.Input again = link.await(LinkFrame.Input.class);
        assertThat(again.offset()).isEqualTo(6);
        assertThat(again.bytes()).isEqualTo("two\n".getBytes(StandardCharsets.US_ASCII));
      }
    }
  }

  @Test
  void nodeOfAnOldTermIsDropped() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (LineClient client = new LineClient(front.address())) {
      establish(client);
      try (RawNode.Link link = node.accept()) {
        link.send(hello(0, 2, 0, 3));
        listener.await("lost SUPERSEDED");
        assertThatThrownBy(() -> link.await(LinkFrame.Attach.class))
            .isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void offsetsOfAZombieThatCommitsNothingAreForgotten() throws Exception {
    open(ConsoleMode.CHANNELS, PATIENT);
    try (RawNode.Link link = node.accept()) {
      link.send(hello(5, 700, 100, 200));
      assertThat(link.await(LinkFrame.Attach.class).outputFrom()).isEqualTo(100);
      assertThat(link.await(LinkFrame.Input.class).offset()).isEqualTo(700);
    }
    try (RawNode.Link link = node.accept()) {
      link.send(hello(6, 50, 10, 20));
      LinkFrame.Attach attach = link.await(LinkFrame.Attach.class);
      assertThat(attach.outputFrom()).isEqualTo(10);
      assertThat(attach.inputFrom()).isEqualTo(50);
      LinkFrame.Input sync = link.await(LinkFrame.Input.class);
      assertThat(sync.offset()).isEqualTo(50);
      assertThat(sync.bytes()).startsWith(4, 0, 8, 0).hasSize(12);
    }
    assertThat(front.statistics().state()).isNotEqualTo(FrontState.BROKEN);
  }

  @Test
  void silentNodeIsDroppedAndTriedAgain() throws Exception {
    open(ConsoleMode.STREAM, Duration.ofMillis(200));
    try (RawNode.Link silent = node.accept()) {
      listener.await("lost SILENT");
      try (RawNode.Link next = node.accept()) {
        next.send(hello(1, 0, 0, 0));
        next.await(LinkFrame.Attach.class);
      }
      assertThatThrownBy(() -> silent.await(LinkFrame.Attach.class))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void pingIsAnswered() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (RawNode.Link link = node.accept()) {
      link.send(new LinkFrame.Ping(4711));
      assertThat(link.await(LinkFrame.Pong.class).clockNanos()).isEqualTo(4711);
      LinkFrame.Ping ping = link.await(LinkFrame.Ping.class);
      link.send(new LinkFrame.Pong(ping.clockNanos()));
      link.send(hello(1, 0, 0, 0));
      FrontTakeoverTest.await(() -> front.statistics().roundTripNanos() >= 0);
    }
  }

  @Test
  void refusalIsToldOnceUntilAConnectionSucceeds() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    int port = node.endpoint().port();
    RawNode.Link first = node.accept();
    node.close();
    first.close();
    listener.await("lost CLOSED");
    listener.await("refused");
    node = new RawNode(port);
    RawNode.Link second = node.accept();
    assertThat(listener.rest()).isEmpty();
    node.close();
    second.close();
    listener.await("refused");
  }

  @Test
  void nodeOfAnotherRunIsRefused() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (RawNode.Link link = node.accept()) {
      link.send(new LinkFrame.Hello("vm", UUID.randomUUID(), 9, 0, 0, 0, 0));
      assertThat(listener.await("lost PROTOCOL")).contains("another run");
      assertThat(link.await(LinkFrame.Goodbye.class).reason()).contains("another run");
    }
    assertThat(front.statistics().term()).isEqualTo(-1);
  }

  @Test
  void malformedFrameClosesTheLink() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (RawNode.Link link = node.accept()) {
      link.sendRaw(new byte[] {0, 0, 0, 1, 99});
      assertThat(listener.await("lost PROTOCOL")).contains("unknown frame: type=99");
    }
    try (RawNode.Link link = node.accept()) {
      link.sendRaw(new byte[] {127, 0, 0, 1});
      assertThat(listener.await("lost PROTOCOL")).contains("frame length");
    }
    try (RawNode.Link link = node.accept()) {
      link.send(output(0, "too early"));
      assertThat(listener.await("lost PROTOCOL")).contains("needs an ATTACH");
    }
  }

  @Test
  void streamOutputIsKeptForTheNextClient() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    try (RawNode.Link link = node.accept()) {
      link.send(hello(1, 0, 0, 0));
      link.await(LinkFrame.Attach.class);
      byte[] chatter = new byte[LinkFrame.OUTPUT_BYTES_MAX];
      for (int piece = 0; piece < 5; piece++) {
        link.send(new LinkFrame.Output((long) piece * chatter.length, chatter));
      }
      link.send(output(5L * chatter.length, "end\n"));
      FrontTakeoverTest.await(() -> front.statistics().outputOffset() == 5L * chatter.length + 4);
      try (LineClient client = new LineClient(front.address())) {
        assertThat(client.line()).endsWith("end").hasSize((64 << 10) - 1);
      }
      assertThat(front.statistics().unreadOutputBytes()).isEqualTo(chatter.length + 4);
    }
  }

  @Test
  void coordinatorGetsFrontsForConfiguredMachinesOnly() throws Exception {
    open(ConsoleMode.STREAM, PATIENT);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    VmFront.Factory factory =
        FrontVm.factory(Map.of(new VmId("vm"), new FrontVm.Service(any, ConsoleMode.STREAM)));
    assertThat(factory.open(new VmId("other"), run, listener)).isEmpty();
    try (VmFront opened = factory.open(new VmId("vm"), run, listener).orElseThrow()) {
      assertThat(opened.address().getPort()).isPositive();
      assertThat(opened.statistics().state()).isEqualTo(FrontState.DETACHED);
    }
  }
}
