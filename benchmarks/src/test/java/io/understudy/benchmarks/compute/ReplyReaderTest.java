package io.understudy.benchmarks.compute;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplyReaderTest {
  private final ReplyReader reader = new ReplyReader();

  /** The offsets at which replies end. */
  private List<Integer> ends(String output) {
    List<Integer> ends = new ArrayList<>();
    byte[] bytes = output.getBytes(StandardCharsets.US_ASCII);
    for (int index = 0; index < bytes.length; index++) {
      if (reader.accept(bytes[index])) {
        ends.add(index + 1);
      }
    }
    return ends;
  }

  @Test
  void findsTheEndsOfAllKinds() {
    String time = "*2\r\n$10\r\n1800000000\r\n$6\r\n-12345\r\n";
    assertThat(ends(":1\r\n" + time + "+OK\r\n"))
        .containsExactly(4, 4 + time.length(), 9 + time.length());
    assertThat(reader.isError()).isFalse();
  }

  @Test
  void noticesErrors_inFrontOnly() {
    ends("$2\r\n-1\r\n");
    assertThat(reader.isError()).isFalse();
    ends("-ERR no timer interrupt arrived\r\n");
    assertThat(reader.isError()).isTrue();
    assertThat(reader.isAtBegin()).isTrue();
  }

  @Test
  void waitsForTheRest() {
    assertThat(ends("*2\r\n:1\r\n")).isEmpty();
    assertThat(reader.isAtBegin()).isFalse();
    assertThat(ends(":2\r\n")).containsExactly(4);
  }
}
