package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.understudy.capture.CaptureSettings;
import io.understudy.kvm.TapDevice;
import io.understudy.kvm.TapException;
import io.understudy.kvm.TestTap;
import io.understudy.log.ClusterConnection;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.RunRefusedException;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node's connections with the world, and whether they are those that a run needs. */
@Timeout(60)
class OutsideTest {
  private static final Attachments WITHOUT = Attachments.NONE;
  private static final Attachments WITH =
      new Attachments(Attachments.ELF, "", null, "52:54:00:12:34:56", Attachments.UART);
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @Test
  void connectsNothing_whereThereIsNothingToConnect() {
    try (Outside outside = open("", ANY_PORT)) {
      assertThatCode(() -> outside.accept(WITHOUT)).doesNotThrowAnyException();
      outside.output().frame(new byte[60]);

      assertThat(outside.gate(false).releasedFrames()).isZero();
      assertThat(outside.console().address().getPort()).isPositive();
    }
  }

  @Test
  void refusesANetworkCardThatIsConnectedToNothing() {
    try (Outside outside = open("", ANY_PORT)) {
      assertThatExceptionOfType(RunRefusedException.class)
          .isThrownBy(() -> outside.accept(WITH))
          .withMessage(
              "the run has a network card: name the TAP interface that connects it, with --tap:"
                  + " macAddress=52:54:00:12:34:56");
    }
  }

  @Test
  void refusesAnInterfaceThatNothingUses_andLetsItGo() throws IOException {
    try (TestTap host = new TestTap()) {
      String tap = host.tap();
      try (Outside outside = open(tap, ANY_PORT)) {
        assertThatExceptionOfType(RunRefusedException.class)
            .isThrownBy(() -> outside.accept(WITHOUT))
            .withMessage("the run does not have a network card: leave --tap out: " + tap);
      }
      assertThatCode(() -> TapDevice.open(tap).close()).doesNotThrowAnyException();
    }
  }

  /** A standby asks once for each checkpoint that it tries. */
  @Test
  void connectsTheNetworkOnce_howeverOftenItIsAsked() throws IOException {
    try (TestTap host = new TestTap()) {
      String tap = host.tap();
      try (Outside outside = open(tap, ANY_PORT)) {
        outside.accept(WITH);
        outside.accept(WITH);
      }
      assertThatCode(() -> TapDevice.open(tap).close()).doesNotThrowAnyException();
    }
  }

  @Test
  void letsTheInterfaceGo_whenTheConsoleCannotListen() throws IOException {
    try (TestTap host = new TestTap();
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String tap = host.tap();
      InetSocketAddress address =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), taken.getLocalPort());

      assertThatExceptionOfType(java.io.UncheckedIOException.class)
          .isThrownBy(() -> open(tap, address))
          .withMessageContaining("console cannot listen");
      assertThatCode(() -> TapDevice.open(tap).close()).doesNotThrowAnyException();
    }
  }

  @Test
  void saysSo_whenTheInterfaceIsMissing() {
    String missing = TestTap.name();

    assertThatExceptionOfType(TapException.class)
        .isThrownBy(() -> open(missing, ANY_PORT))
        .withMessageContaining("network interface " + missing + " is missing");
  }

  private static Outside open(String tap, InetSocketAddress console) {
    return Outside.open(
        new NodeSettings(
            new VmId("vm"),
            "node",
            ClusterConnection.of("127.0.0.1:1"),
            Path.of("state"),
            console,
            Duration.ofMillis(50),
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            CaptureSettings.DEFAULT,
            SnapshotSettings.DEFAULT,
            Path.of("/dev/kvm"),
            GuestFiles.BUILT_IN,
            tap),
        failure -> {});
  }
}
