package io.understudy.capture.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class OutputBufferTest {
  @Test
  void keepsOffsetsWhileItGrowsAndIsPruned() {
    OutputBuffer buffer = new OutputBuffer();
    long released = 0;
    for (int round = 0; round < 200; round++) {
      byte[] piece = new byte[7001];
      for (int at = 0; at < piece.length; at++) {
        piece[at] = (byte) ((buffer.end() + at) % 251);
      }
      buffer.append(piece);
      buffer.commit(buffer.end() - 5);
      released += round % 2 == 0 ? 9000 : 2000;
      released = Math.min(released, buffer.committed());
      buffer.prune(released);
      byte[] read = buffer.read(released, 100);
      for (int at = 0; at < read.length; at++) {
        assertThat(read[at]).isEqualTo((byte) ((released + at) % 251));
      }
    }
    assertThat(buffer.read(buffer.committed() - 3, 100)).hasSize(3);
  }

  @Test
  void restoredBufferHasCommittedNothing() {
    OutputBuffer buffer = new OutputBuffer();
    buffer.append(new byte[] {1, 2, 3, 4});
    buffer.commit(3);
    buffer.prune(1);
    OutputBuffer copy = new OutputBuffer();
    copy.restore(buffer.held());
    assertThat(copy.held()).isEqualTo(buffer.held());
    assertThat(copy.start()).isEqualTo(1);
    assertThat(copy.end()).isEqualTo(4);
    assertThat(copy.read(1, 10)).isEmpty();
    copy.commit(4);
    assertThat(copy.read(1, 10)).containsExactly(2, 3, 4);
  }

  @Test
  void boundIsToldAndFourTimesTheBoundRefused() {
    OutputBuffer buffer = new OutputBuffer(4);
    buffer.append(new byte[3]);
    assertThat(buffer.hasRoom()).isTrue();
    buffer.append(new byte[5]);
    assertThat(buffer.hasRoom()).isFalse();
    buffer.append(new byte[8]);
    assertThatThrownBy(() -> buffer.append((byte) 1)).hasMessageContaining("capacityBytes=4");
    buffer.prune(13);
    assertThat(buffer.hasRoom()).isTrue();
    assertThatThrownBy(() -> buffer.commit(12)).hasMessageContaining("committed=13");
    assertThatThrownBy(() -> buffer.read(12, 1)).hasMessageContaining("start=13");
  }
}
