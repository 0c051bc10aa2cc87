package io.understudy.benchmarks.vms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LatenciesTest {
  private static final long MILLI = 1_000_000L;

  private static Answer answer(long dueMillis, long answeredMillis) {
    return new Answer(
        dueMillis * MILLI, answeredMillis * MILLI, (answeredMillis - dueMillis) * MILLI);
  }

  @Test
  void countsWhatWasDueInTime_howeverLateItsAnswer() {
    List<Answer> answers =
        List.of(
            answer(99, 199),
            answer(100, 103),
            answer(150, 1150),
            answer(199, 204),
            answer(200, 201));
    Latencies latencies = Latencies.of(answers, 100 * MILLI, 200 * MILLI);
    assertThat(latencies.requests()).isEqualTo(3);
    assertThat(latencies.p50Millis()).isEqualTo(5);
    assertThat(latencies.p99Millis()).isEqualTo(1000);
  }

  @Test
  void answersPerSecondAreThoseThatCameInTime() {
    List<Answer> answers = List.of(answer(99, 100), answer(100, 103), answer(150, 200));
    Latencies latencies = Latencies.of(answers, 100 * MILLI, 200 * MILLI);
    assertThat(latencies.answeredPerSecond()).isEqualTo(20);
    assertThat(latencies.duePerSecond()).isEqualTo(20);
    assertThat(latencies.isCarried()).isTrue();
  }

  @Test
  void loadIsNotCarried_whenAnswersDoNotKeepUp() {
    List<Answer> answers = new ArrayList<>();
    for (int number = 0; number < 100; number++) {
      answers.add(answer(number, number + (number < 95 ? 1 : 100)));
    }
    assertThat(Latencies.of(answers, 0, 100 * MILLI).isCarried()).isTrue();
    answers.set(0, answer(0, 100));
    assertThat(Latencies.of(answers, 0, 100 * MILLI).isCarried()).isFalse();
  }

  @Test
  void oneOfHundredMayBeSlower() {
    List<Answer> answers = new ArrayList<>();
    for (int number = 1; number <= 200; number++) {
      answers.add(answer(number, number + number));
    }
    Latencies latencies = Latencies.of(answers, 0, 1000 * MILLI);
    assertThat(latencies.p50Millis()).isEqualTo(100);
    assertThat(latencies.p99Millis()).isEqualTo(198);
  }

  @Test
  void refusesTimeWithoutRequests() {
    List<Answer> answers = List.of(answer(1, 2));
    assertThatThrownBy(() -> Latencies.of(answers, 10 * MILLI, 20 * MILLI))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
