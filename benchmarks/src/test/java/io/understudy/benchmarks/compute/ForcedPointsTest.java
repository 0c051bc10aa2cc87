package io.understudy.benchmarks.compute;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ForcedPointsTest {
  private static final UUID RUN = new UUID(1, 2);

  private final List<EventRecord> records = new ArrayList<>();

  private void add(long position, GuestEvent event) {
    records.add(new EventRecord("vm", RUN, 1, 1, records.size(), position, 3, 4, event));
  }

  private int size(int index) {
    return EventCodec.encode(records.get(index)).length;
  }

  @Test
  void takesWhatNamesThePlace_andTheTimeThere() {
    add(5, new GuestEvent.ClockAdvanced(10));
    add(5, new GuestEvent.Preempted(100));
    add(5, new GuestEvent.ClockAdvanced(20));
    add(5, new GuestEvent.ConsoleInput(new byte[] {1}));
    add(5, new GuestEvent.Preempted(200));
    add(6, new GuestEvent.ClockAdvanced(30));
    add(6, new GuestEvent.StateTransferred(0, 2, new byte[500]));
    add(6, new GuestEvent.StateTransferred(1, 2, new byte[50]));
    add(6, new GuestEvent.ClockAdvanced(40));
    ForcedPoints points = ForcedPoints.in(records);
    assertThat(points.preemptions()).isEqualTo(2);
    assertThat(points.transfers()).isEqualTo(1);
    assertThat(points.bytes())
        .containsExactly(size(1) + size(2), size(4), size(6) + size(7) + size(8));
  }

  @Test
  void findsNone_whereAllCameAtExits() {
    add(1, new GuestEvent.ClockAdvanced(10));
    add(2, new GuestEvent.ConsoleInput(new byte[] {1}));
    ForcedPoints points = ForcedPoints.in(records);
    assertThat(points).isEqualTo(new ForcedPoints(0, 0, List.of()));
  }

  @Test
  void measuresTheLogFromAnInputOn() {
    add(1, new GuestEvent.ConsoleInput(new byte[7]));
    add(2, new GuestEvent.ConsoleInput(new byte[3]));
    add(3, new GuestEvent.Preempted(9));
    add(4, new GuestEvent.ClockAdvanced(9));
    add(5, new GuestEvent.ClockAdvanced(19));
    assertThat(ForcedPoints.bytesBetween(records, 7, 4)).isEqualTo(size(1) + size(2) + size(3));
  }
}
