package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.log.LogPosition;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

final class LogFilterTest {
  @Command
  static final class WithFilter {
    @Mixin private LogFilter filter;
  }

  @Test
  void takesAllByDefault() {
    LogFilter filter = filter();

    assertThat(filter.wants(epoch(7, 0))).isTrue();
    assertThat(filter.takes(ended())).isTrue();
    assertThat(filter.isDone(Long.MAX_VALUE - 1)).isFalse();
  }

  @Test
  void takesASpanOfEpochs_andIsDoneBehindIt() {
    LogFilter filter = filter("--from-epoch", "3", "--until-epoch", "4");

    assertThat(filter.wants(epoch(2, 0))).isFalse();
    assertThat(filter.wants(epoch(3, 0))).isTrue();
    assertThat(filter.wants(epoch(4, 0))).isTrue();
    assertThat(filter.wants(epoch(5, 0))).isFalse();
    assertThat(filter.isDone(3)).isFalse();
    assertThat(filter.isDone(4)).isTrue();
  }

  @Test
  void takesATimeOfDay() {
    LogFilter filter =
        filter("--from-time", "2026-01-01T00:00:00Z", "--until-time", "2026-01-01T00:00:01Z");
    long from = 1_767_225_600_000L;

    assertThat(filter.wants(epoch(1, from - 1))).isFalse();
    assertThat(filter.wants(epoch(2, from))).isTrue();
    assertThat(filter.wants(epoch(3, from + 1000))).isTrue();
    assertThat(filter.wants(epoch(4, from + 1001))).isFalse();
    // Leaders' clocks differ: a later epoch may have an earlier time.
    assertThat(filter.isDone(4)).isFalse();
  }

  @Test
  void takesTypesAlone() {
    LogFilter filter = filter("--type", "TermStarted,RunEnded");

    assertThat(filter.takes(ended())).isTrue();
    assertThat(filter.takes(record(new GuestEvent.ClockAdvanced(1)))).isFalse();
  }

  @Test
  void isDone_whenAsManyAreShownAsAreWanted() {
    LogFilter filter = filter("--limit", "2");

    assertThat(filter.takes(ended())).isTrue();
    assertThat(filter.isDone(0)).isFalse();
    assertThat(filter.takes(ended())).isTrue();
    assertThat(filter.isDone(0)).isTrue();
    assertThat(filter.takes(ended())).isFalse();
  }

  private static LogFilter filter(String... words) {
    WithFilter command = new WithFilter();
    CommandLine line = new CommandLine(command);
    line.parseArgs(words);
    command.filter.check(line.getCommandSpec());
    return command.filter;
  }

  private static EventRecord ended() {
    return record(new GuestEvent.RunEnded("test"));
  }

  private static EventRecord record(GuestEvent event) {
    return new EventRecord("a", new UUID(1, 2), 1, 0, 0, 0, 0, 0, event);
  }

  private static Epoch epoch(long number, long committedAtMillis) {
    LogPosition next = new LogPosition(ChainState.genesis(), new TreeMap<>(Map.of(0, 0L)));
    return new Epoch(number, 1, List.of(), null, null, committedAtMillis, next);
  }
}
