package io.understudy.benchmarks.vms;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadingTest {
  private static final long SECOND = 1_000_000_000L;

  private static Reading reading(
      long nanos, Usage leader, Usage broker, long clientsMillis, long hostMillis) {
    return new Reading(
        nanos, Map.of(Part.LEADER, leader, Part.BROKER, broker), clientsMillis, hostMillis);
  }

  private final Reading begin =
      reading(-SECOND, new Usage(5000, 1024, 9000), new Usage(700, 1, 1), 100, 50_000);

  @Test
  void costIsTheDifferenceOfTimes_andTheSizesOfTheEnd() {
    Reading end = reading(SECOND, new Usage(5500, 2048, 10_240), new Usage(700, 1, 1), 100, 50_500);
    assertThat(end.since(begin))
        .containsEntry(Part.LEADER, new Cost(25, 2, 10))
        .containsEntry(Part.BROKER, new Cost(0, 1 / 1024.0, 1 / 1024.0));
  }

  @Test
  void othersAreWhatIsLeftOfTheHost() {
    Reading end = reading(SECOND, new Usage(5500, 0, 0), new Usage(900, 0, 0), 150, 50_000 + 1000);
    // 1000 ms busy in two seconds; 500, 200 and 50 of them are known.
    assertThat(end.othersPercent(begin)).isEqualTo(12.5);
  }

  @Test
  void othersAreNeverLessThanNobody() {
    Reading end = reading(SECOND, new Usage(5500, 0, 0), new Usage(900, 0, 0), 150, 50_700);
    assertThat(end.othersPercent(begin)).isZero();
  }
}
