package io.understudy.capture.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameOutputTest {
  private static final int LIMIT_BYTES = 8 << 20;

  private final FrameOutput output = new FrameOutput();
  private final List<Integer> left = new ArrayList<>();

  @Test
  void releasesInOrderWhatIsCommittedAndNothingElse() {
    append(0, 5);

    output.release(3, this::sent);
    assertThat(left).containsExactly(0, 1, 2);
    assertThat(output.released()).isEqualTo(3);

    output.release(3, this::sent);
    output.release(2, this::sent);
    assertThat(left).as("nothing leaves twice").containsExactly(0, 1, 2);

    output.release(5, this::sent);
    assertThat(left).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void releasesNoMoreThanThereIs_andGoesOnWithTheNext() {
    append(0, 2);
    output.release(9, this::sent);
    assertThat(output.released()).isEqualTo(2);

    append(2, 3);
    output.release(3, this::sent);
    assertThat(left).containsExactly(0, 1, 2);
  }

  @Test
  void forgetsWhatTheWorldHas() {
    append(0, 4);

    output.prune(3);
    output.prune(1);
    output.release(4, this::sent);

    assertThat(left).containsExactly(3);
    assertThat(output.released()).isEqualTo(4);
  }

  @Test
  void countsOnFromACheckpoint() {
    append(0, 4);

    output.restartAt(100);
    output.prune(50);
    assertThat(output.released()).as("older marks change nothing").isEqualTo(100);
    append(100, 102);
    output.release(101, this::sent);

    assertThat(left).containsExactly(100);
    assertThat(output.released()).isEqualTo(101);
  }

  @Test
  void saysThatItIsFull_untilFramesHaveLeft() {
    byte[] big = new byte[LIMIT_BYTES / 4];
    for (int count = 0; count < 4; count++) {
      assertThat(output.hasRoom()).isTrue();
      output.append(big);
    }
    assertThat(output.hasRoom()).isFalse();
    output.append(big); // the guest ran on to its next access

    output.prune(1);
    assertThat(output.hasRoom()).isFalse();
    output.release(2, frame -> {});
    assertThat(output.hasRoom()).isTrue();
    output.append(big);
    output.restartAt(0);
    assertThat(output.hasRoom()).isTrue();
  }

  @Test
  void releasesNothingAfterTheStop() {
    append(0, 2);

    output.stop();
    output.release(2, this::sent);

    assertThat(left).isEmpty();
    assertThat(output.released()).isZero();
  }

  private void append(int from, int end) {
    for (int number = from; number < end; number++) {
      output.append(new byte[] {(byte) number});
    }
  }

  private void sent(byte[] frame) {
    left.add((int) frame[0]);
  }
}
