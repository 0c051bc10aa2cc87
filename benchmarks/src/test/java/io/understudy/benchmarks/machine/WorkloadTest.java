package io.understudy.benchmarks.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class WorkloadTest {
  @Test
  void isTheSameBytesEveryTime() {
    Workload first = new Workload(5, 300, 8);
    Workload second = new Workload(5, 300, 8);
    for (int index = 0; index < first.count(); index++) {
      assertThat(first.request(index)).isEqualTo(second.request(index));
    }
    assertThat(first.replies()).isEqualTo(second.replies());
  }

  @Test
  void knowsWhatEachReplyMustBe() {
    Workload workload = new Workload(3, 195, 8);
    String zeros = "0".repeat(31);
    assertThat(text(workload.replies()))
        .startsWith("+OK\r\n$32\r\n" + zeros + "0\r\n:1\r\n+OK\r\n$32\r\n" + zeros + "3\r\n:1\r\n")
        // The keys have come round once.
        .endsWith("+OK\r\n$32\r\n" + "0".repeat(29) + "195\r\n:2\r\n");
    assertThat(text(workload.request(0)))
        .isEqualTo("*3\r\n$3\r\nSET\r\n$4\r\nkey0\r\n$32\r\n" + zeros + "0\r\n");
    assertThat(workload.replyEnd(0)).isEqualTo(5);
    assertThat(workload.measuredFrom()).isEqualTo(workload.replyEnd(2));
    assertThat(workload.measuredTo())
        .isEqualTo(workload.replyEnd(197))
        .isEqualTo(workload.replies().length);
    assertThat(workload.measured()).isEqualTo(195);
  }

  @Test
  void wrongReplyIsNoMeasurement() {
    Workload workload = new Workload(1, 1, 1);
    Replies replies = new Replies(workload);
    byte[] expected = workload.replies();
    for (int index = 0; index < expected.length; index++) {
      replies.transmitted((byte) (index == 7 ? '!' : expected[index]));
      replies.arrived(replies.size());
    }
    assertThatThrownBy(() -> replies.measured(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("firstDifference=7");
    assertThatThrownBy(() -> replies.transmitted((byte) 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void missingReplyIsNoMeasurement() {
    Replies replies = new Replies(new Workload(1, 1, 1));
    assertThatThrownBy(() -> replies.measured(0)).isInstanceOf(IllegalStateException.class);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.US_ASCII);
  }
}
