package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.capture.console.ConsoleServer;
import io.understudy.capture.console.ConsoleSettings;
import io.understudy.capture.console.LiveConsole;
import io.understudy.capture.console.OutputBuffer;
import io.understudy.capture.network.FrameOutput;
import io.understudy.log.EpochDraft;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LiveGateTest {
  private final OutputBuffer output = new OutputBuffer();
  private final FrameOutput frames = new FrameOutput();
  private final List<Integer> left = new ArrayList<>();
  private ConsoleServer console;
  private LiveGate gate;

  @BeforeEach
  void open() {
    console =
        ConsoleServer.open(
            ConsoleSettings.of("vm", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
            output,
            failure -> {});
    console.start();
    console.goLive(new LiveConsole(UUID.randomUUID(), 1, 0, 0, (offset, bytes) -> true));
    gate = new LiveGate(console, frames, frame -> left.add((int) frame[0]), Duration.ZERO);
  }

  @AfterEach
  void close() {
    console.close();
  }

  @Test
  void opensForConsoleAndNetworkUpToTheMark() {
    output.append(new byte[5]);
    appendFrames(3);

    gate.committed(mark(4, 2));

    assertThat(output.committed()).isEqualTo(4);
    assertThat(left).containsExactly(0, 1);
    assertThat(gate.releasedFrames()).isEqualTo(2);
    assertThat(gate.releasedOffset()).as("no front has taken any").isZero();
  }

  @Test
  void hasRoomOnlyWhereBothHave() {
    assertThat(gate.hasRoom()).isTrue();
    frames.append(new byte[8 << 20]);
    assertThat(gate.hasRoom()).isFalse();
    frames.prune(1);
    assertThat(gate.hasRoom()).isTrue();
    output.append(new byte[OutputBuffer.CAPACITY_DEFAULT_BYTES]);
    assertThat(gate.hasRoom()).isFalse();
  }

  @Test
  void waitsForNobody_whenNoFrontIsThere() {
    output.append(new byte[5]);
    gate.committed(mark(5, 0));
    long began = System.nanoTime();

    gate.finish("the guest has ended");

    assertThat(System.nanoTime() - began).isLessThan(4_000_000_000L);
  }

  @Test
  void staysClosedAfterTheStop() {
    appendFrames(1);

    gate.stop("test");
    gate.stop("again");
    frames.release(1, frame -> left.add((int) frame[0]));

    assertThat(left).isEmpty();
  }

  private void appendFrames(int count) {
    for (int number = 0; number < count; number++) {
      frames.append(new byte[] {(byte) number});
    }
  }

  private static EpochDraft.Mark mark(long outputOffset, long framesSent) {
    return new EpochDraft.Mark(1, 0, 0, 0, 0, 0, 0, outputOffset, 0, 0, framesSent, 0);
  }
}
