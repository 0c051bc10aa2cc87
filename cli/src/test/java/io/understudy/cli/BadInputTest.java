package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What a person is told who gives the wrong words; nothing here gets as far as a cluster. */
final class BadInputTest {
  private static final int USAGE = 2;
  private static final int ENVIRONMENT = 3;
  private static final int LOG = 6;

  private record Outcome(int code, String out, String err) {}

  private static Outcome run(String words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = Main.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    int code = commandLine.execute(words.isEmpty() ? new String[0] : words.split(" "));
    return new Outcome(code, out.toString(), err.toString());
  }

  private static Stream<Arguments> wrong() {
    return Stream.of(
        arguments("", USAGE, "no command given"),
        arguments("statsu", USAGE, "status"),
        arguments("log", USAGE, "--vm=ID"),
        arguments("log --vm A_B", USAGE, "a VM id must be 1 to 64 characters of [a-z0-9-]: vm=A_B"),
        arguments("log --vm a --from-epoch -1", USAGE, "--from-epoch must not be negative, is -1"),
        arguments("log --vm a --limit 0", USAGE, "--limit must be at least 1, is 0"),
        arguments("log --vm a --from-time yesterday", USAGE, "yesterday"),
        arguments(
            "log --vm a --from-time 2026-01-02T00:00:00Z --until-time 2026-01-01T00:00:00Z",
            USAGE,
            "--until-time must not be before --from-time"),
        arguments("log --vm a --type RunEnded,Nothing", USAGE, "TimeRead, is [RunEnded, Nothing]"),
        arguments("log --vm a --expect-hash 3:ab", USAGE, "64 hexadecimal digits, is '3:ab'"),
        arguments("log --vm a --limit x", USAGE, "'x' is not a long"),
        arguments("log export --vm a", USAGE, "--to=FILE"),
        arguments("log export --to f", USAGE, "--vm=ID"),
        arguments("log export --vm a --to /no/dir/f", USAGE, "no such directory: /no/dir"),
        arguments("log export --vm a --to pom.xml", USAGE, "not overwritten: --to pom.xml"),
        arguments("log export --vm a --to f --from-epoch -1", USAGE, "fromEpoch=-1"),
        arguments(
            "log export --vm a --to f --from-epoch 3 --until-epoch 2",
            USAGE,
            "fromEpoch=3 untilEpoch=2"),
        arguments("log export --vm a --to f --until-epoch x", USAGE, "'x' is not a long"),
        arguments("log verify", USAGE, "FILE"),
        arguments("log verify /no/file", USAGE, "no such file: /no/file"),
        arguments("log verify .", USAGE, "no such file: ."),
        arguments("log verify pom.xml", LOG, "no Avro Object Container File: file=pom.xml"),
        arguments("log verify pom.xml --expect-hash 1:x", USAGE, "64 hexadecimal digits, is '1:x'"),
        arguments("replay --vm a", USAGE, "--verify"),
        arguments("replay --vm a --verify --json --console -", USAGE, "give a file"),
        arguments("replay --vm a --verify --until-epoch -3", USAGE, "is -3"),
        arguments("replay --vm a --verify --from-epoch -3", USAGE, "is -3"),
        arguments("replay --vm a --verify --console x --transcript ./x", USAGE, "own, is ./x"),
        arguments(
            "replay --vm a --verify --from-epoch 5 --until-epoch 4",
            USAGE,
            "--until-epoch must be at least 5, is 4"),
        arguments("replay --vm a --verify --times 0", USAGE, "is 0"),
        arguments("run --memory 33", USAGE, "multiple of 2 MiB"),
        arguments("run --guest-speed 0", USAGE, "is 0.0"),
        arguments("run --initrd i", USAGE, "an initrd needs a kernel"),
        arguments("run --device /no/kvm", ENVIRONMENT, "/no/kvm"),
        arguments("demo --containers p --engine /no/engine", ENVIRONMENT, "socket=/no/engine"),
        arguments("demo --front a:1", USAGE, "--containers=PROJECT"),
        arguments("broker", USAGE, "--data=DIR"),
        arguments("broker --data d --port 70000", USAGE, "[0, 65535], is 70000"),
        arguments("broker --data d --host 0.0.0.0", USAGE, "--advertised-host"),
        arguments("coordinator --front a", USAGE, "expected vm=host:port"),
        arguments("coordinator --front a=127.0.0.1", USAGE, "expected host:port"),
        arguments("coordinator --front a=127.0.0.1:1:pipe", USAGE, "'stream' or 'channels'"),
        arguments("coordinator --front a=127.0.0.1:1 --front a=127.0.0.1:2", USAGE, "twice: vm=a"),
        arguments("coordinator --failure-timeout 5", USAGE, "50ms, 2s, 5m, 1h), is '5'"),
        arguments(
            "coordinator --failure-timeout 10ms",
            USAGE,
            "--failure-timeout must be 151ms to 1h, is 10ms"),
        arguments("primary --vm a --node n", USAGE, "--state=DIR"),
        arguments("primary --vm a --node n --state d --memory 33", USAGE, "multiple of 2 MiB"),
        arguments("primary --vm a --node n --state d --partitions 0", USAGE, "partitions=0"),
        arguments("primary --vm a --node n --state d --console-mode x", USAGE, "mode=x"),
        arguments("primary --vm a --node n --state d --guest /no/guest", ENVIRONMENT, "/no/guest"),
        arguments("standby --vm a --node n --state d --console-listen x", USAGE, "is 'x'"),
        arguments("primary --vm a --node n --state d --retain 9s", USAGE, "--retain must be"),
        arguments("primary --vm a --node n --state d --retain 1d", USAGE, "is '1d'"),
        arguments("standby --vm a --node n --state d --retain-bytes 1023KiB", USAGE, "1MiB"),
        arguments("standby --vm a --node n --state d --retain-bytes 5", USAGE, "is '5'"),
        arguments("status --look 0s", USAGE, "--look must be 1ms to 1h, is 0s"),
        arguments("coordinator --cluster-stall 1s", USAGE, "must be 100ms to 999ms, is 1s"),
        arguments("coordinator --promotion-timeout 1s", USAGE, "--promotion-timeout must be"),
        arguments("coordinator --front-tls-config /no/tls", USAGE, "file=/no/tls"),
        arguments("coordinator --missed-beats 1", USAGE, "--missed-beats must be 2 to 1000, is 1"),
        arguments("coordinator --heartbeat-interval 0ms", USAGE, "must be 1ms to 1m, is 0s"),
        arguments("run --time-resolution 2s", USAGE, "--time-resolution must be 1us to 1s, is 2s"),
        arguments("switch --vm a --timeout 0s", USAGE, "--timeout must be 1s to 1h, is 0s"),
        arguments("snapshot --vm a --timeout 999ms", USAGE, "must be 1s to 1h, is 999ms"),
        arguments("status --command-config /no/file", USAGE, "file=/no/file"),
        arguments("topics", USAGE, "create, describe or delete"),
        arguments("topics delete --vm a", USAGE, "add --yes"),
        arguments("topics create --vm a --partitions 0", USAGE, "is 0"),
        arguments("checkpoint inspect --state /no/dir", USAGE, "--state /no/dir"),
        arguments("probe --device /no/kvm", ENVIRONMENT, "/no/kvm"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void saysOnOneLineWhatIsWrong(String words, int code, String part) {
    Outcome outcome = run(words);

    assertThat(outcome.code()).isEqualTo(code);
    assertThat(outcome.out()).isEmpty();
    List<String> lines = outcome.err().lines().filter(line -> !line.startsWith("see: ")).toList();
    assertThat(lines.get(0)).startsWith("understudy");
    assertThat(String.join(" ", lines)).contains(part).doesNotContain("java.lang.");
    assertThat(lines).hasSizeLessThanOrEqualTo(2).noneMatch(line -> line.startsWith("\tat "));
  }

  @ParameterizedTest
  @CsvSource({
    "--heartbeat-interval 0ms,1ms to 1m",
    "--commit-timeout 999ms,1s to 1h",
    "--checkpoint-every 0s,1ms to 720h",
    "--epoch-max-age 0ms,1ms to 10s",
    "--output-max-hold 51ms,0s to 50ms",
    "--time-resolution 0us,1us to 1s",
    "--interrupt-delay 999us,1ms to 1s",
    "--transfer-rate 0,1 to 1048576",
    "--clone-rate 1048577,1 to 1048576",
    "--clone-final-pages -1,0 to 262144",
    "--clone-most-pages 255,256 to 262144",
    "--keep-snapshots 0,1 to 1000",
    "--replay-at-most -1,0 to 9223372036854775807",
    "--guest-speed 2,above 0 and at most 1",
    "--promote-without-coordinator 999ms,1s to 1h",
    "--max-lag 61m,0s to 1h",
    "--standby-timeout 99ms,100ms to 1h",
    "--unprotected-grace 721h,0s to 720h"
  })
  void nodesSayWhatAnOptionMayBe_beforeTheyLookForACluster(String words, String range) {
    String option = words.substring(0, words.indexOf(' '));
    for (String command : List.of("primary --vm a", "standby --vm a")) {
      Outcome outcome =
          run(command + " --node n --state d --bootstrap-server 127.0.0.1:1 " + words);

      assertThat(outcome.code()).as(outcome.err()).isEqualTo(USAGE);
      assertThat(outcome.err()).contains(option + " must be " + range);
    }
  }

  @Test
  void aConsoleCannotListenWhereNobodyCanReachItByThatName() {
    Outcome outcome =
        run(
            "primary --vm a --node n --state d --bootstrap-server 127.0.0.1:1"
                + " --console-listen 0.0.0.0:0");

    assertThat(outcome.code()).isEqualTo(USAGE);
    assertThat(outcome.err()).contains("--console-listen must name a host").contains("0.0.0.0");
  }

  @Test
  void aSlowHeartbeatNeedsLongerTimes() {
    String slow = "standby --vm a --node n --state d --heartbeat-interval 2s ";

    assertThat(run(slow).err()).contains("--standby-timeout must be 4s to 1h, is 2s");
    assertThat(run(slow + "--standby-timeout 4s --promote-without-coordinator 39s").err())
        .contains("--promote-without-coordinator must be 40s to 1h, is 39s");
  }

  /** Kafka's clients would go on for a minute, and so would an ordinary close of one. */
  @Test
  @Timeout(40)
  void saysSoonThatNoClusterAnswers() {
    Outcome outcome = run("status --bootstrap-server 127.0.0.1:1");

    assertThat(outcome.code()).isEqualTo(ExitCode.LOG.code());
    assertThat(outcome.err())
        .contains("Kafka cluster does not answer: bootstrapServer=127.0.0.1:1")
        .hasLineCount(1);
  }

  @Test
  void showsTheStackTrace_whenAskedTo() {
    assertThat(run("probe --device /no/kvm --debug").err()).contains("\tat io.understudy.");
  }

  @Test
  void documentsEveryExitCodeInTheHelpOfEveryCommand() {
    for (String words : List.of("--help", "replay --help", "topics create --help")) {
      Outcome outcome = run(words);

      assertThat(outcome.code()).isZero();
      for (ExitCode exit : ExitCode.values()) {
        assertThat(outcome.out()).containsPattern("(?m)^ +" + exit.code() + " +\\S");
      }
    }
  }
}
