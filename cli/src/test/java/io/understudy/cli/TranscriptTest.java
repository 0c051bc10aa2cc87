package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.log.LogPosition;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TranscriptTest {
  @TempDir private Path directory;

  @Test
  void hasEveryByteWithItsOffset_andFramesWithTheirNumbers() throws Exception {
    Path file = directory.resolve("transcript");
    try (Transcript transcript = Transcript.to(file)) {
      say(transcript, "hello");
      transcript.sent(new byte[] {1, 2});
      transcript.sent(new byte[] {3});
      transcript.applied(
          epoch(
              7,
              mark(102, 205, 200, 12, 9),
              new GuestEvent.ConsoleInput("a".getBytes(StandardCharsets.US_ASCII)),
              new GuestEvent.FrameReceived(new byte[14]),
              new GuestEvent.ConsoleInput("b".getBytes(StandardCharsets.US_ASCII))));
      // Nothing was said, nothing was let out since.
      transcript.applied(epoch(8, mark(102, 205, 200, 12, 9)));
      say(transcript, "!");
      transcript.applied(epoch(9, mark(102, 206, 205, 12, 12)));
      transcript.finish(ChainState.genesis());
    }

    String head = "{\"epoch\":7,\"committedAtMillis\":70,\"virtualNanos\":5,";
    String last = "{\"epoch\":9,\"committedAtMillis\":90,\"virtualNanos\":5,";
    assertThat(Files.readAllLines(file))
        .containsExactly(
            head + "\"direction\":\"in\",\"kind\":\"frame\",\"bytes\":\"" + "00".repeat(14) + "\"}",
            head + "\"direction\":\"in\",\"kind\":\"console\",\"offset\":100,\"bytes\":\"6162\"}",
            head
                + "\"direction\":\"out\",\"kind\":\"console\",\"offset\":200,"
                + "\"bytes\":\"68656c6c6f\"}",
            head + "\"direction\":\"out\",\"kind\":\"frame\",\"number\":10,\"bytes\":\"0102\"}",
            head + "\"direction\":\"out\",\"kind\":\"frame\",\"number\":11,\"bytes\":\"03\"}",
            head + "\"direction\":\"out\",\"kind\":\"released\",\"offset\":200,\"frames\":9}",
            last + "\"direction\":\"out\",\"kind\":\"console\",\"offset\":205,\"bytes\":\"21\"}",
            last + "\"direction\":\"out\",\"kind\":\"released\",\"offset\":205,\"frames\":12}",
            "{\"epoch\":-1,\"kind\":\"end\",\"hash\":\"" + "00".repeat(32) + "\"}");
  }

  private static void say(Transcript transcript, String text) {
    for (byte value : text.getBytes(StandardCharsets.US_ASCII)) {
      transcript.said(value);
    }
  }

  private static Epoch epoch(long number, GuestEvent.EpochCommitted mark, GuestEvent... events) {
    List<EventRecord> records =
        List.of(events).stream()
            .map(event -> new EventRecord("a", new UUID(1, 2), 1, number, 0, 0, 0, 0, event))
            .toList();
    LogPosition next = new LogPosition(ChainState.genesis(), new TreeMap<>(Map.of(0, 0L)));
    return new Epoch(number, 1, records, null, mark, number * 10, next);
  }

  private static GuestEvent.EpochCommitted mark(
      long input, long output, long released, long framesSent, long framesReleased) {
    return new GuestEvent.EpochCommitted(
        0,
        0,
        1,
        2,
        3,
        input,
        output,
        released,
        5,
        new byte[32],
        new byte[32],
        framesSent,
        framesReleased);
  }
}
