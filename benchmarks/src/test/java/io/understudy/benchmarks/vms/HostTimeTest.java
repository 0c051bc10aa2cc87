package io.understudy.benchmarks.vms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HostTimeTest {
  @Test
  void countsWhatIsNotIdle_andGuestsOnce() {
    String stat =
        "cpu  100 20 30 99999 88888 4 5 6 70 10\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 7777 0 0\n";
    assertThat(HostTime.parse(stat)).isEqualTo((100 + 20 + 30 + 4 + 5 + 6) * 10);
  }

  @Test
  void refusesAnythingElse() {
    assertThatThrownBy(() -> HostTime.parse("intr 1 2 3 4 5 6 7 8 9"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> HostTime.parse("")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readsThisHost() throws Exception {
    assertThat(HostTime.busyMillis()).isPositive();
  }
}
