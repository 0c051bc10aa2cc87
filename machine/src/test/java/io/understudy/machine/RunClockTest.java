package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.understudy.machine.RunClock.Counter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunClockTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "exit",
        "exit+window",
        "exit+instructions",
        "exit+steps",
        "exit+transfer",
        "exit+window+transfer",
        "exit+instructions+transfer",
        "exit+steps+transfer"
      })
  void hasTheNameItIsReadFrom(String name) {
    assertThat(RunClock.parse(name).name()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "window",
        "exit+",
        "exit+transfer+window",
        "exit+window+window",
        "exit+steps+instructions",
        "exit+window+instructions",
        "exit+branches"
      })
  void refusesWhatNoClockIsCalled(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> RunClock.parse(name));
  }

  @Test
  void knowsWhetherAGuestCanBeStoppedBetweenExits() {
    assertThat(RunClock.EXIT.preempts()).isFalse();
    assertThat(new RunClock(true, Counter.NONE, false).preempts()).isFalse();
    assertThat(new RunClock(false, Counter.NONE, true).preempts()).isTrue();
    assertThat(new RunClock(false, Counter.STEPS, false).preempts()).isTrue();
    assertThat(new RunClock(false, Counter.NONE, true).counts()).isFalse();
  }
}
