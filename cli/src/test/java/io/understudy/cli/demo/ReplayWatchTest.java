package io.understudy.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replay may take as long as its log needs, but must not stand still. */
final class ReplayWatchTest {
  private static final long BEGIN = Long.MAX_VALUE - TimeUnit.MINUTES.toNanos(5);

  private final List<String> told = new ArrayList<>();
  private final List<String> printed = new ArrayList<>(List.of("INFO a line of the log"));
  private final ReplayWatch watch =
      new ReplayWatch(
          new EventLogSize(0, 100_000, 0, 0), Duration.ofSeconds(90), BEGIN, () -> {}, told::add);

  @Test
  void look_waitsForAsLongAsItTakes_whenTheReplayGetsOn() {
    // Over the clock's end, too: only differences count.
    for (int minute = 1; minute <= 100; minute++) {
      printed.add("replaying: vm=demo epoch=" + minute * 900 + " position=1");
      printed.add("INFO epoch=7 of something else");
      watch.look(printed, nanos(minute * 60L));
    }

    assertThat(told).hasSize(100).first().isEqualTo("  replayed 901 of 100000 epochs");
  }

  @Test
  void look_throwsWithTheLastLines_whenTheReplayStandsStill() {
    printed.add("replaying: vm=demo epoch=41 position=1");
    watch.look(printed, nanos(60));
    watch.look(printed, nanos(149));

    assertThatThrownBy(() -> watch.look(printed, nanos(150)))
        .isInstanceOf(DemoException.class)
        .hasMessageContainingAll("epoch=41", "epochs=100000", "patience=90000 ms", "position=1");
    assertThat(told).hasSize(1);
  }

  @Test
  void look_throws_whenTheReplayDoesNotBegin() {
    assertThatCode(() -> watch.look(printed, nanos(89))).doesNotThrowAnyException();

    assertThatThrownBy(() -> watch.look(printed, nanos(90)))
        .isInstanceOf(DemoException.class)
        .hasMessageContainingAll("epoch=none", "a line of the log");
  }

  @Test
  void look_countsFromTheFirstEpoch_whenTheLogIsShortened() {
    ReplayWatch shortened =
        new ReplayWatch(
            new EventLogSize(5000, 1000, 0, 0), Duration.ofSeconds(90), BEGIN, () -> {}, told::add);

    shortened.look(List.of("replaying: vm=demo epoch=5099 position=1"), nanos(1));

    assertThat(told).containsExactly("  replayed 100 of 1000 epochs");
  }

  @Test
  void awaitExit_returnsTheExitCode(@TempDir Path directory) {
    try (ChildJvm child =
        ChildJvm.startProgram(
            "replay", directory.resolve("replay.log"), List.of("sh", "-c", "exit 4"))) {
      assertThat(
              new ReplayWatch(
                      new EventLogSize(0, 1, 0, 0),
                      Duration.ofSeconds(90),
                      System.nanoTime(),
                      () -> {},
                      told::add)
                  .awaitExit(child))
          .isEqualTo(4);
    }
  }

  private static long nanos(long seconds) {
    return BEGIN + TimeUnit.SECONDS.toNanos(seconds);
  }
}
