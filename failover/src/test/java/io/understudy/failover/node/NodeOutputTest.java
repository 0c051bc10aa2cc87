package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.machine.MachineSnapshot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeOutputTest {
  private final NodeOutput output = new NodeOutput();

  @Test
  void holdsEverything_untilTheLogSaysThatTheWorldHasIt() {
    print("abcdef");
    frames(0, 4);

    output.released(2, 1);

    assertThat(output.held().start()).isEqualTo(2);
    assertThat(text(output.held())).isEqualTo("cdef");
    assertThat(output.console().releasedByPeer()).isEqualTo(2);
    assertThat(output.frames().released()).isEqualTo(1);
    assertThat(framesReleasedUpTo(4)).containsExactly(1, 2, 3);
  }

  @Test
  void goesOnFromACheckpoint_withTheNumbersOfTheRun() {
    print("lost");
    frames(0, 3);

    output.restore(new MachineSnapshot.Held(100, "held".getBytes(StandardCharsets.US_ASCII)), 50);

    assertThat(output.frames().released()).isEqualTo(50);
    print("!");
    frames(50, 52);
    output.released(102, 40);
    assertThat(text(output.held())).isEqualTo("ld!");
    assertThat(output.frames().released()).as("older marks change nothing").isEqualTo(50);
    output.released(105, 51);
    assertThat(text(output.held())).isEmpty();
    assertThat(framesReleasedUpTo(52)).containsExactly(51);
  }

  @Test
  void givesACheckpointWhatRestoresIt() {
    print("abcdef");
    output.released(3, 0);
    NodeOutput other = new NodeOutput();

    other.restore(output.held(), 0);

    assertThat(other.held().start()).isEqualTo(3);
    assertThat(text(other.held())).isEqualTo("def");
    assertThat(other.console().committed()).as("committed anew only").isEqualTo(3);
  }

  private void print(String text) {
    for (byte value : text.getBytes(StandardCharsets.US_ASCII)) {
      output.accept(value);
    }
  }

  private void frames(int from, int end) {
    for (int number = from; number < end; number++) {
      output.frame(new byte[] {(byte) number});
    }
  }

  private List<Integer> framesReleasedUpTo(long end) {
    List<Integer> left = new ArrayList<>();
    output.frames().release(end, frame -> left.add((int) frame[0]));
    return left;
  }

  private static String text(MachineSnapshot.Held held) {
    return new String(held.bytes(), StandardCharsets.US_ASCII);
  }
}
