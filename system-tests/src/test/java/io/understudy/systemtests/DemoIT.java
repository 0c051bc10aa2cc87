package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The demo when something happens that is not part of it. Its good end is the README's command. */
class DemoIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void saysAtOnceWhichProcessDied_andLeavesNone() throws Exception {
    Needs.kvm();
    Path tests = Files.createDirectories(Path.of("target", "system-tests").toAbsolutePath());
    Path directory = Files.createTempDirectory(tests, "demo-");
    Path kept = directory.resolve("kept");
    try (ChildJvm demo =
        ChildJvm.startProgram(
            "demo",
            directory.resolve("demo.log"),
            // More traffic than anybody waits for.
            ChildJvm.command(
                List.of(),
                "io.understudy.cli.Main",
                List.of("demo", "--seconds", "600", "--keep", kept.toString())))) {
      await(demo, child -> said(child, "clients count").find());
      List<ProcessHandle> processes =
          ProcessHandle.of(demo.pid()).orElseThrow().descendants().toList();
      assertThat(processes).as("broker, two nodes, coordinator").hasSize(4);

      Matcher said = said(demo, "coordinator pid ([0-9]+)");
      assertThat(said.find()).isTrue();
      ProcessHandle coordinator = ProcessHandle.of(Long.parseLong(said.group(1))).orElseThrow();
      coordinator.destroyForcibly();

      assertThat(demo.awaitExit(PATIENCE)).as(demo.tail()).isEqualTo(1);
      assertThat(demo.lines())
          .anySatisfy(
              line ->
                  assertThat(line)
                      .contains("a process ended that is needed: name=demo-coordinator")
                      .contains("pid=" + coordinator.pid(), "exitCode=137"))
          .anySatisfy(line -> assertThat(line).contains("the logs are in " + kept));
      assertThat(processes).noneMatch(ProcessHandle::isAlive);
    }
  }

  private static Matcher said(ChildJvm demo, String pattern) {
    return Pattern.compile(pattern).matcher(String.join("\n", demo.lines()));
  }

  private static void await(ChildJvm demo, Predicate<ChildJvm> condition) throws Exception {
    long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.test(demo)) {
      assertThat(demo.isAlive()).as(demo.tail()).isTrue();
      assertThat(System.nanoTime() - deadlineNanos).as(demo.tail()).isNegative();
      Thread.sleep(100);
    }
  }
}
