package io.understudy.systemtests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What a client received is found in what the guest said, or it is said that it is not. */
class ConsoleStreamsTest {
  private static final byte[] INPUT = join(new byte[1024], sync(1), data(1, "in"), sync(2));
  private static final String HELLO = "$3\r\nc-7\r\n";

  @Test
  void isRight_whenTheClientReceivedABeginningOfItsStream() {
    byte[] output = join("boot".getBytes(StandardCharsets.US_ASCII), sync(1), data(5, HELLO));
    ConsoleStreams streams =
        ConsoleStreams.of(INPUT, join(output, data(6, "x"), data(5, ":1\r\n")));

    assertThat(compare(streams, HELLO + ":1\r\n")).isNull();
    assertThat(compare(streams, HELLO + ":")).isNull();
    assertThat(compare(streams, "")).as("nothing received").isNull();
  }

  @Test
  void isWrong_whenOneByteDiffers() {
    ConsoleStreams streams =
        ConsoleStreams.of(INPUT, join(sync(1), data(5, HELLO), data(5, ":1\r\n")));

    assertThat(compare(streams, HELLO + ":2\r\n")).contains("connection=c-7");
  }

  @Test
  void isWrong_whenTheClientKnowsMoreThanTheLog() {
    ConsoleStreams streams =
        ConsoleStreams.of(INPUT, join(sync(1), data(5, HELLO), data(5, ":1\r\n")));

    assertThat(compare(streams, HELLO + ":1\r\n:2\r\n")).contains("connection=c-7");
    assertThat(new ConsoleStreamsTest().none(streams)).contains("introductions=0");
  }

  @Test
  void isWrong_whenAStreamWasSaidTwice() {
    ConsoleStreams streams =
        ConsoleStreams.of(INPUT, join(sync(1), data(5, HELLO), data(5, HELLO)));

    assertThat(compare(streams, HELLO)).contains("introductions=2");
  }

  @Test
  void findsTheNextSection_whenAFrameWasCutOff() {
    byte[] cut = java.util.Arrays.copyOf(data(5, "a reply that is cut"), 10);
    ConsoleStreams streams = ConsoleStreams.of(INPUT, join(sync(1), cut, sync(2), data(5, HELLO)));

    assertThat(compare(streams, HELLO)).isNull();
  }

  private String none(ConsoleStreams streams) {
    return streams.compare(
        new TracedClient.Trace("c-8", "$3\r\nc-8\r\n".getBytes(StandardCharsets.US_ASCII)));
  }

  private static String compare(ConsoleStreams streams, String received) {
    return streams.compare(
        new TracedClient.Trace("c-7", received.getBytes(StandardCharsets.US_ASCII)));
  }

  private static byte[] sync(int nonce) {
    return new byte[] {4, 0, 8, 0, 9, 9, 9, 9, 9, 9, 9, (byte) nonce};
  }

  private static byte[] data(int channel, String text) {
    byte[] payload = text.getBytes(StandardCharsets.US_ASCII);
    return join(new byte[] {2, (byte) channel, (byte) payload.length, 0}, payload);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      joined.writeBytes(part);
    }
    return joined.toByteArray();
  }
}
