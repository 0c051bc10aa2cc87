package io.understudy.cli.demo;

import static io.understudy.cli.demo.FakeEngine.NO_CONTENT;
import static io.understudy.cli.demo.FakeEngine.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The killed container comes back, whatever fails after the kill. */
final class VictimContainerTest {
  private static final String START = "POST /containers/aa/start HTTP/1.0";

  @TempDir private Path directory;

  private final List<String> told = new ArrayList<>();
  private FakeEngine fake;
  private VictimContainer victim;

  @BeforeEach
  void listen() throws IOException {
    fake = new FakeEngine(directory);
    victim = new VictimContainer(new ContainerEngine(fake.socket()), "aa", told::add);
  }

  @AfterEach
  void close() throws IOException {
    fake.close();
  }

  @Test
  void close_startsItAgain_whenWhatFollowedTheKillFailed() {
    answers(3);

    assertThatThrownBy(
            () -> {
              try (VictimContainer container = victim) {
                container.kill();
                throw new DemoException("no successor");
              }
            })
        .isInstanceOf(DemoException.class)
        .hasMessage("no successor");

    assertThat(fake.requests()).hasSize(3).last().isEqualTo(START);
  }

  @Test
  void close_startsItAgain_whenTheKillItselfFailed() {
    fake.answer(NO_CONTENT);
    // It is dead, but the engine does not say so.
    fake.answer(bytes("HTTP/1.0 500 Internal Server Error\r\n\r\n"));
    fake.answer(NO_CONTENT);

    assertThatThrownBy(
            () -> {
              try (VictimContainer container = victim) {
                container.kill();
              }
            })
        .isInstanceOf(DemoException.class)
        .hasMessageContaining("500");

    assertThat(fake.requests()).hasSize(3).last().isEqualTo(START);
  }

  @Test
  void close_startsItOnce_whenClosedTwice() {
    answers(3);
    victim.kill();

    victim.close();
    victim.close();

    assertThat(fake.requests()).containsOnlyOnce(START).hasSize(3);
  }

  @Test
  void close_asksForNothing_whenItWasNotKilled() {
    victim.close();

    assertThat(fake.requests()).isEmpty();
  }

  @Test
  void close_saysHowToStartIt_whenTheEngineRefuses() {
    answers(2);
    fake.answer(bytes("HTTP/1.0 500 Internal Server Error\r\n\r\n"));
    fake.answer(NO_CONTENT);
    victim.kill();

    assertThatThrownBy(victim::close).isInstanceOf(DemoException.class);

    assertThat(told).containsExactly("the killed container was not started again: docker start aa");
    // Another try, which is taken off the JVM's end by its success.
    victim.close();
  }

  private void answers(int count) {
    for (int i = 0; i < count; i++) {
      fake.answer(NO_CONTENT);
    }
  }
}
