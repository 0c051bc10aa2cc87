package io.understudy.benchmarks.vms;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class UsageTest {
  private static final List<String> STATUS =
      List.of(
          "Name:\tjava",
          "VmPeak:\t 5000000 kB",
          "VmHWM:\t  262144 kB",
          "VmRSS:\t  131072 kB",
          "Threads:\t75");

  /** Fields as in proc(5): 3 to 13 do not matter here, 14 and 15 are utime and stime. */
  private static String stat(String command, int utime, int stime) {
    return "4711 ("
        + command
        + ") S 1 2 3 4 5 6 7 8 9 10 "
        + utime
        + " "
        + stime
        + " 900 901 20 0 75 0 12345\n";
  }

  @Test
  void addsTimeInUserModeAndInTheKernel_andNotThatOfChildren() {
    assertThat(Usage.parse(stat("java", 123, 45), STATUS))
        .isEqualTo(new Usage(1680, 131072, 262144));
  }

  @Test
  void findsFields_whateverTheCommandIsCalled() {
    assertThat(Usage.parse(stat("a) R 9 (b c) ", 1, 2), STATUS).cpuMillis()).isEqualTo(30);
  }

  @Test
  void refusesProcessThatHasEnded() {
    List<String> ended = List.of("Name:\tjava", "State:\tZ (zombie)", "Threads:\t1");
    assertThatThrownBy(() -> Usage.parse(stat("java", 1, 2), ended))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("VmRSS");
  }

  @Test
  void readsThisProcess() throws Exception {
    Usage usage = Usage.of(ProcessHandle.current().pid());
    assertThat(usage.cpuMillis()).isPositive();
    assertThat(usage.rssKib()).isPositive();
    assertThat(usage.peakKib()).isGreaterThanOrEqualTo(usage.rssKib());
  }

  @Test
  void sumsProcesses() {
    assertThat(new Usage(10, 20, 30).plus(new Usage(1, 2, 3))).isEqualTo(new Usage(11, 22, 33));
  }
}
