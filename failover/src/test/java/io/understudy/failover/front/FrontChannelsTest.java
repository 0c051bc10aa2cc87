package io.understudy.failover.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The channel protocol between clients and a guest, with one node. */
class FrontChannelsTest {
  private final RecordingListener listener = new RecordingListener();
  private final ScriptedRun run = ScriptedRun.ofChannels();
  private ScriptedRun.Node node;
  private Front front;

  @BeforeEach
  void open() {
    node = run.standby();
    node.promote();
    front = open(FrontSettings.Limits.DEFAULT);
  }

  private Front open(FrontSettings.Limits limits) {
    FrontSettings usual = FrontTakeoverTest.settings(ConsoleMode.CHANNELS, run);
    Front opened =
        Front.open(
            new FrontSettings(
                usual.vm(),
                usual.run(),
                usual.mode(),
                usual.listen(),
                limits,
                usual.timing(),
                usual.tls()),
            listener);
    opened.start();
    opened.nodes(run.endpoints());
    return opened;
  }

  @AfterEach
  void close() {
    front.close();
    run.close();
    assertThat(run.failure.get()).isNull();
  }

  @Test
  void repliesArriveAfterTheClientHasEnded() throws Exception {
    try (LineClient client = new LineClient(front.address())) {
      client.send("one\n");
      assertThat(client.line()).isEqualTo("1:one");
      client.send("two\nthree\n");
      client.end();
      assertThat(client.rest()).isEqualTo("2:two\n3:three\n");
    }
  }

  @Test
  void repliesCommittedByTheNextTermArriveAfterTheClientHasEnded() throws Exception {
    try (LineClient client = new LineClient(front.address())) {
      client.send("one\n");
      assertThat(client.line()).isEqualTo("1:one");
      node.commitOnly(0);
      client.send("two\n");
      client.end();
      assertThat(node.withheld.poll(20, TimeUnit.SECONDS)).isTrue();
      ScriptedRun.Node heir = run.standby();
      front.nodes(run.endpoints());
      heir.promote();
      assertThat(client.rest()).isEqualTo("2:two\n");
    }
  }

  @Test
  void guestMayCloseFirst() throws Exception {
    // More rounds than channels: numbers must be given back.
    for (int round = 0; round < 2 * ChannelFrame.CHANNEL_MAX + 10; round++) {
      try (LineClient client = new LineClient(front.address())) {
        client.send("hello\nbye\n");
        assertThat(client.rest()).isEqualTo("1:hello\nbye\n");
      }
    }
  }

  @Test
  void channelNumbersComeBackAfterClientsVanish() throws Exception {
    for (int round = 0; round < ChannelFrame.CHANNEL_MAX + 10; round++) {
      try (LineClient client = new LineClient(front.address())) {
        client.send("hello\n");
        assertThat(client.line()).isEqualTo("1:hello");
      }
    }
  }

  @Test
  void newFrontDiscardsOutputUntilItIsSynchronized() throws Exception {
    try (LineClient client = new LineClient(front.address())) {
      client.send("one\n");
      assertThat(client.line()).isEqualTo("1:one");
      // The last thing the guest said is half a frame; its answer to SYNC looks like the payload.
      client.send("cut\n");
      FrontTakeoverTest.await(() -> node.server.output().start() == node.server.output().end());
    }
    long seen = front.statistics().outputOffset();
    front.close();
    front = open(FrontSettings.Limits.DEFAULT);
    try (LineClient client = new LineClient(front.address())) {
      client.send("two\n");
      assertThat(client.line()).isEqualTo("1:two");
    }
    assertThat(front.statistics().resynchronizations()).isEqualTo(1);
    assertThat(front.statistics().outputOffset()).isGreaterThan(seen);
  }

  @Test
  void newFrontTakesOverInTheMiddleOfAStream() throws Exception {
    try (LineClient old = new LineClient(front.address())) {
      old.send("one\n");
      assertThat(old.line()).isEqualTo("1:one");
      // These answers are committed but still unread when the front is replaced.
      for (int line = 0; line < 200; line++) {
        old.send("line " + line + "\n");
      }
      Front first = front;
      front = open(FrontSettings.Limits.DEFAULT);
      try (LineClient client = new LineClient(front.address())) {
        client.send("two\n");
        assertThat(client.line()).isEqualTo("1:two");
      } finally {
        first.close();
      }
    }
  }

  @Test
  void guestErrorSynchronizesAgain() throws Exception {
    try (LineClient bystander = new LineClient(front.address());
        LineClient culprit = new LineClient(front.address())) {
      bystander.send("one\n");
      assertThat(bystander.line()).isEqualTo("1:one");
      culprit.send("error\n");
      assertThatThrownBy(culprit::line).isInstanceOf(IOException.class);
      assertThatThrownBy(bystander::line).isInstanceOf(IOException.class);
    }
    try (LineClient client = new LineClient(front.address())) {
      client.send("two\n");
      assertThat(client.line()).isEqualTo("1:two");
    }
    assertThat(front.statistics().resynchronizations()).isEqualTo(2);
    assertThat(front.statistics().clientsDisconnected()).isEqualTo(2);
  }

  @Test
  void tooManyClientsAreRefusedWithAMessage() throws Exception {
    front.close();
    front = open(new FrontSettings.Limits(2, 1 << 20, 1 << 20, 0));
    try (LineClient one = new LineClient(front.address());
        LineClient two = new LineClient(front.address())) {
      one.send("a\n");
      two.send("b\n");
      assertThat(one.line()).isEqualTo("1:a");
      assertThat(two.line()).isEqualTo("1:b");
      try (LineClient three = new LineClient(front.address())) {
        assertThat(three.rest()).contains("too many clients");
      }
      two.end();
      assertThat(two.rest()).isEmpty();
      try (LineClient four = new LineClient(front.address())) {
        four.send("d\n");
        assertThat(four.line()).isEqualTo("1:d");
      }
    }
    assertThat(front.statistics().clientsRefused()).isEqualTo(1);
  }

  @Test
  void clientThatDoesNotReadIsDisconnectedAndOthersAreNot() throws Exception {
    try (LineClient slow = new LineClient(front.address());
        LineClient other = new LineClient(front.address())) {
      slow.send("hello\n");
      assertThat(slow.line()).isEqualTo("1:hello");
      FrontTakeoverTest.await(
          () -> {
            FrontStatistics seen = front.statistics();
            // This guest does not stand still when there is no room for what it says.
            boolean answered = seen.inputAcknowledged() == seen.inputOffset();
            if (answered && node.server.output().hasRoom() && seen.clientsDisconnected() == 0) {
              sendUnlessGone(slow, "flood\n");
            }
            return seen.clientsDisconnected() == 1;
          });
      other.send("hello\n");
      assertThat(other.line()).isEqualTo("1:hello");
    }
  }

  private static void sendUnlessGone(LineClient client, String text) {
    try {
      client.send(text);
    } catch (IOException disconnected) {
      // The front's figures say so, too.
    }
  }

  @Test
  void inputIsHeldBackWithinItsBoundWhileNothingIsCommitted() throws Exception {
    front.close();
    int held = 512 * 1024;
    front = open(new FrontSettings.Limits(250, held, 32 << 20, 0));
    try (LineClient client = new LineClient(front.address())) {
      client.send("one\n");
      assertThat(client.line()).isEqualTo("1:one");
      node.commitOnly(0);
      StringBuilder lines = new StringBuilder();
      while (lines.length() < 8 << 20) {
        lines.append("x".repeat(1000)).append('\n');
      }
      Thread sender =
          new Thread(
              () -> {
                try {
                  client.send(lines.toString());
                } catch (IOException gone) {
                  run.failure.compareAndSet(null, gone);
                }
              });
      sender.start();
      FrontTakeoverTest.await(() -> heldBytes() >= held);
      ScriptedRun.Node heir = run.standby();
      front.nodes(run.endpoints());
      // A frame's payload and header, read before the bound was noticed.
      assertThat(heldBytes()).isLessThan(held + 2 * 1028);
      heir.promote();
      int count = lines.length() / 1001;
      for (int line = 0; line < count; line++) {
        assertThat(client.line()).startsWith((line + 2) + ":xxx").hasSizeGreaterThan(1000);
      }
      sender.join();
    }
  }

  private long heldBytes() {
    FrontStatistics statistics = front.statistics();
    return statistics.inputOffset() - statistics.inputAcknowledged();
  }
}
