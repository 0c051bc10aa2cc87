package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A field of {@code log --json} is of one kind, whatever the event. */
class EventTextTest {
  @Test
  void bytesAreText_andASizeIsANumber() {
    JsonNode input = json(new GuestEvent.ConsoleInput(new byte[] {0, 13, (byte) 0xff}));
    assertThat(input.get("bytes").textValue()).isEqualTo("000dff");
    JsonNode state = json(new GuestEvent.StateTransferred(1, 3, new byte[5]));
    assertThat(state.get("size").intValue()).isEqualTo(5);
    assertThat(state.has("bytes")).isFalse();
  }

  private static JsonNode json(GuestEvent event) {
    return EventText.json(
        1_700_000_000_123L, new EventRecord("vm1", UUID.randomUUID(), 1, 2, 3, 4, 5, 6, event));
  }
}
