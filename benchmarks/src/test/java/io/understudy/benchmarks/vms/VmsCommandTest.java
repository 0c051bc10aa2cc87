package io.understudy.benchmarks.vms;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class VmsCommandTest {
  private final StringWriter errors = new StringWriter();

  private int execute(String... words) {
    return new CommandLine(new VmsCommand()).setErr(new PrintWriter(errors)).execute(words);
  }

  @ParameterizedTest
  @CsvSource({
    "--counts, 0",
    "--counts, 65",
    "--seconds, 0",
    "--rate, 1001",
    "--warm-up, -1",
    "--repetitions, 0"
  })
  void refusesWhatIsOutOfRange_beforeAnythingIsStarted(String option, String value) {
    assertThat(execute(option, value)).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(errors.toString()).contains(option + " must be").contains("is " + value);
  }

  @Test
  void refusesTheSameCountTwice() {
    assertThat(execute("--counts", "1,2,1")).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(errors.toString()).contains("--counts");
  }
}
