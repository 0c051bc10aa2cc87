package io.understudy.capture.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class NetworkLinkTest {
  private static final String MAC = "52:54:00:12:34:56";
  private static final int ANNOUNCEMENTS = 7;

  private final FakePort port = new FakePort();
  private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();

  @Test
  void throwsAwayWhatCameBeforeItWentLive() throws Exception {
    port.arrives(frame(1));
    port.arrives(frame(2));
    try (NetworkLink link = new NetworkLink(port, MAC)) {
      link.goLive(received::add);
      port.arrives(frame(3));

      assertThat(received.poll(20, TimeUnit.SECONDS)).isEqualTo(frame(3));
    }
    assertThat(received).isEmpty();
  }

  @Test
  void goesLiveAllTheSame_whenFramesNeverCease() throws Exception {
    port.floods = true;
    try (NetworkLink link = new NetworkLink(port, MAC)) {
      link.goLive(received::add);

      assertThat(received.poll(20, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void announcesTheGuestsAddressSeveralTimes() {
    try (NetworkLink link = new NetworkLink(port, MAC)) {
      link.goLive(received::add);
      await(() -> port.sentCount() >= ANNOUNCEMENTS);
    }
    assertThat(port.sent()).hasSize(ANNOUNCEMENTS);
    String expected =
        "ffffffffffff" // to everybody
            + "525400123456"
            + "8035" // RARP
            + "0001080006040003" // Ethernet, IPv4, 6 and 4 bytes, request reverse
            + "525400123456"
            + "00000000"
            + "525400123456"
            + "00000000"
            + "00".repeat(18);
    assertThat(port.sent()).allSatisfy(f -> assertThat(hex(f)).isEqualTo(expected));
  }

  @Test
  void passesOnWhatAGuestCanTakeAndDropsTheRest() throws Exception {
    try (NetworkLink link = new NetworkLink(port, MAC)) {
      link.goLive(received::add);
      for (int length : new int[] {13, 14, 1514, 1515, 9000, 60}) {
        port.arrives(new byte[length]);
      }
      List<Integer> lengths = new ArrayList<>();
      for (int count = 0; count < 3; count++) {
        lengths.add(received.poll(20, TimeUnit.SECONDS).length);
      }
      assertThat(lengths).containsExactly(14, 1514, 60);
    }
  }

  @Test
  void sendsTheGuestsFrames() {
    try (NetworkLink link = new NetworkLink(port, MAC)) {
      link.send(frame(7));

      assertThat(port.sent()).containsExactly(frame(7));
    }
  }

  @Test
  void closesThePortOnceNobodyIsInIt_whetherItWasLiveOrNot() {
    NetworkLink never = new NetworkLink(port, MAC);
    never.close();
    assertThat(port.isClosed()).isTrue();

    FakePort other = new FakePort();
    NetworkLink live = new NetworkLink(other, MAC);
    live.goLive(received::add);
    live.close();
    assertThat(other.isClosed()).isTrue();
    assertThat(other.wasUsedAfterClose()).isFalse();
  }

  @Test
  void survivesAPortThatFails() {
    try (NetworkLink link = new NetworkLink(port, MAC)) {
      link.goLive(received::add);
      port.fails = true;
      await(() -> port.failures() > 0);

      port.fails = false;
      link.send(frame(1));
    }
    assertThat(port.sent()).contains(frame(1));
    assertThat(port.isClosed()).isTrue();
  }

  private static byte[] frame(int number) {
    byte[] frame = new byte[60];
    frame[59] = (byte) number;
    return frame;
  }

  private static String hex(byte[] frame) {
    return HexFormat.of().formatHex(frame);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** A port without a network. */
  private static final class FakePort implements FramePort {
    private final BlockingQueue<byte[]> arriving = new LinkedBlockingQueue<>();
    private final List<byte[]> sent = new ArrayList<>();
    private volatile boolean floods;
    private volatile boolean fails;
    private int flooded;
    private int failures;
    private boolean closed;
    private boolean usedAfterClose;

    void arrives(byte[] frame) {
      arriving.add(frame);
    }

    @Override
    public byte[] receive(int timeoutMillis) {
      use();
      if (floods) {
        if (flooded++ > 1_000_000) {
          throw new IllegalStateException("nobody ends this");
        }
        return frame(0);
      }
      try {
        return timeoutMillis == 0
            ? arriving.poll()
            : arriving.poll(timeoutMillis, TimeUnit.MILLISECONDS);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return null;
      }
    }

    private synchronized void use() {
      usedAfterClose |= closed;
      if (fails) {
        failures++;
        throw new IllegalStateException("the interface is gone");
      }
    }

    @Override
    public synchronized void send(byte[] frame) {
      usedAfterClose |= closed;
      sent.add(frame);
    }

    synchronized List<byte[]> sent() {
      return List.copyOf(sent);
    }

    synchronized int sentCount() {
      return sent.size();
    }

    synchronized int failures() {
      return failures;
    }

    synchronized boolean isClosed() {
      return closed;
    }

    synchronized boolean wasUsedAfterClose() {
      return usedAfterClose;
    }

    @Override
    public synchronized void close() {
      closed = true;
    }
  }
}
