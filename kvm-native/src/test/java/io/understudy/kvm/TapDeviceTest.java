package io.understudy.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** TAP interfaces of this host, made for the test and connected by a bridge. */
@Timeout(60)
class TapDeviceTest {
  /** For experiments; nothing on a host answers to it. */
  private static final int ETHERTYPE = 0x88b5;

  private TestTap host;

  @BeforeEach
  void prepare() {
    host = new TestTap();
  }

  @AfterEach
  void cleanUp() throws IOException {
    if (host != null) {
      host.close();
    }
  }

  @Test
  void carriesFramesFromOneToTheOther_whole() throws IOException {
    String left = host.tap();
    String right = host.tap();
    host.bridge(left, right);
    try (TapDevice from = TapDevice.open(left);
        TapDevice to = TapDevice.open(right)) {
      assertThat(from.name()).isEqualTo(left);
      for (int length : new int[] {60, 1514, 61}) {
        byte[] frame = frame(length);
        assertThat(carry(from, to, frame)).isEqualTo(frame);
      }
      byte[] back = frame(100);
      assertThat(carry(to, from, back)).isEqualTo(back);
    }
  }

  @Test
  void carriesFramesWhole_whenTwoThreadsSend() throws Exception {
    String left = host.tap();
    String right = host.tap();
    host.bridge(left, right);
    try (TapDevice from = TapDevice.open(left);
        TapDevice to = TapDevice.open(right)) {
      carry(from, to, frame(60));
      List<Thread> senders = new ArrayList<>();
      for (int length : new int[] {200, 1000}) {
        byte[] frame = frame(length);
        Arrays.fill(frame, 14, length, (byte) length);
        senders.add(
            new Thread(
                () -> {
                  for (int count = 0; count < 5_000; count++) {
                    from.send(frame);
                  }
                }));
      }
      senders.forEach(Thread::start);
      int whole = 0;
      while (senders.stream().anyMatch(Thread::isAlive) || whole == 0) {
        byte[] came = to.receive(10);
        if (came != null && isOurs(came) && came.length >= 200) {
          byte[] expected = frame(came.length);
          Arrays.fill(expected, 14, came.length, (byte) came.length);
          assertThat(came).isEqualTo(expected);
          whole++;
        }
      }
      for (Thread sender : senders) {
        sender.join();
      }
    }
  }

  /** A bridge takes a moment until it forwards, and a network may lose frames: send again. */
  private static byte[] carry(TapDevice from, TapDevice to, byte[] frame) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (System.nanoTime() < deadline) {
      from.send(frame);
      for (byte[] came = to.receive(100); came != null; came = to.receive(0)) {
        if (isOurs(came) && came.length == frame.length) {
          return came;
        }
      }
    }
    throw new AssertionError("no frame came: length=" + frame.length);
  }

  @Test
  void waitsForAFrameNoLongerThanItIsTold() throws IOException {
    try (TapDevice tap = TapDevice.open(host.tap())) {
      while (tap.receive(0) != null) {
        // What the host says of itself when an interface comes up.
      }
      long began = System.nanoTime();
      byte[] frame = tap.receive(200);
      long tookMillis = (System.nanoTime() - began) / 1_000_000;

      assertThat(frame != null || tookMillis >= 150).as("took %d ms", tookMillis).isTrue();
    }
  }

  @Test
  void losesWhatIsSentWhileTheLinkIsDown() throws IOException {
    String name = host.tap();
    try (TapDevice tap = TapDevice.open(name)) {
      host.link("set", name, "down");

      tap.send(frame(60));
      assertThat(tap.receive(0)).isNull();
    }
  }

  @Test
  void saysSo_whenTheInterfaceIsGone() throws IOException {
    String name = host.tap();
    try (TapDevice tap = TapDevice.open(name)) {
      host.link("delete", name);

      assertThatExceptionOfType(TapException.class)
          .isThrownBy(() -> tap.receive(100))
          .withMessage("cannot read from network interface " + name + ": errno=EBADFD");
      tap.send(frame(60));
    }
  }

  @Test
  void refusesWhatIsNoTapInterface() throws IOException {
    String missing = TestTap.name();
    assertRefused(
        missing,
        "network interface " + missing + " is missing",
        "'ip tuntap add dev " + missing + " mode tap'",
        "'ip link set " + missing + " master BRIDGE'");
    assertRefused("lo", "network interface lo is no TAP interface", "mode tap'");
    String tun = host.tun();
    assertRefused(tun, "network interface " + tun + " is no TAP interface");
    for (String name : new String[] {"", "a/b", "..", "sixteen-letters0", "caf\u00e9"}) {
      assertThatExceptionOfType(TapException.class).isThrownBy(() -> TapDevice.open(name));
    }
    assertRefused("a/b", "1 to 15 letters, digits, '_', '.' or '-': name=a/b");
  }

  @Test
  void refusesAnInterfaceThatAnotherUses_andTakesItAfterwards() throws IOException {
    String name = host.tap();
    try (TapDevice first = TapDevice.open(name)) {
      assertThat(first.name()).isEqualTo(name);
      assertRefused(
          name,
          "cannot attach to network interface " + name + ": errno=EBUSY: another process uses it");
    }
    TapDevice.open(name).close();
  }

  @Test
  void isOfNoUseOnceClosed_andClosesTwice() throws IOException {
    TapDevice tap = TapDevice.open(host.tap());
    tap.close();
    tap.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> tap.receive(0))
        .withMessageContaining(tap.name());
    assertThatIllegalStateException().isThrownBy(() -> tap.send(new byte[60]));
  }

  private static void assertRefused(String name, String... parts) {
    assertThatExceptionOfType(TapException.class)
        .isThrownBy(() -> TapDevice.open(name))
        .extracting(Throwable::getMessage)
        .asString()
        .contains(parts);
  }

  private static byte[] frame(int length) {
    byte[] frame = new byte[length];
    Arrays.fill(frame, 0, 6, (byte) 0xff);
    System.arraycopy("\u0002\u0000test".getBytes(StandardCharsets.US_ASCII), 0, frame, 6, 6);
    frame[12] = (byte) (ETHERTYPE >>> 8);
    frame[13] = (byte) ETHERTYPE;
    for (int at = 14; at < length; at++) {
      frame[at] = (byte) (at * 31 + length);
    }
    return frame;
  }

  private static boolean isOurs(byte[] frame) {
    return frame[12] == (byte) (ETHERTYPE >>> 8) && frame[13] == (byte) ETHERTYPE;
  }
}
