package io.understudy.benchmarks.vms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacedClientTest {
  private static final long MILLI = 1_000_000L;

  private final FakeService service = new FakeService();

  private List<Answer> run(long firstNanos, long intervalNanos, int requests) throws IOException {
    PacedClient client = new PacedClient(service.client(), firstNanos, intervalNanos);
    client.endAt(firstNanos + requests * intervalNanos);
    return client.call();
  }

  @Test
  void asksWhatIsDueBeforeItsEnd_storingAndReadingByTurns() throws Exception {
    long first = System.nanoTime();
    List<Answer> answers = run(first, 2 * MILLI, 4);
    assertThat(service.requests)
        .containsExactly(
            "SET key:0 value:0000000000", "GET key:0", "SET key:1 value:0000000001", "GET key:1");
    assertThat(answers)
        .extracting(Answer::dueNanos)
        .containsExactly(first, first + 2 * MILLI, first + 4 * MILLI, first + 6 * MILLI);
    assertThat(answers)
        .allSatisfy(
            answer -> assertThat(answer.answeredNanos()).isGreaterThanOrEqualTo(answer.dueNanos()));
  }

  @Test
  void requestThatHadToWaitForAnother_countsFromWhenItWasDue() throws Exception {
    service.withSlowStart(60 * MILLI);
    List<Answer> answers = run(System.nanoTime(), 10 * MILLI, 3);
    assertThat(answers.get(0).latencyNanos()).isGreaterThanOrEqualTo(60 * MILLI);
    assertThat(answers.get(1).latencyNanos()).isGreaterThanOrEqualTo(50 * MILLI);
    assertThat(answers.get(2).latencyNanos()).isGreaterThanOrEqualTo(40 * MILLI);
  }

  @Test
  void requestCountsFromWhenItWasSent_whenOnlyTheTimerWasLate() {
    assertThat(PacedClient.countsFrom(1000, 990, 1070)).isEqualTo(1070);
    assertThat(PacedClient.countsFrom(1000, 1000, 1001)).isEqualTo(1000);
    assertThat(PacedClient.countsFrom(1000, 1500, 1501)).isEqualTo(1000);
  }

  @Test
  void refusesValueThatWasNotStored() {
    service.withoutMemory();
    assertThatThrownBy(() -> run(System.nanoTime(), MILLI, 2))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("key:0")
        .hasMessageContaining("value:0000000000");
  }
}
