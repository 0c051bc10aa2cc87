package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of somebody else's, as users run it. Owned by one thread. */
final class Tool implements AutoCloseable {
  private final List<String> command;
  private final Process process;
  private final Path output;

  private Tool(List<String> command, Process process, Path output) {
    this.command = command;
    this.process = process;
    this.output = output;
  }

  static Tool start(String... command) throws IOException {
    Path output = Files.createTempFile(Path.of("target"), "tool-", ".log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(output.toFile())
            .start();
    return new Tool(List.of(command), process, output);
  }

  /** Runs a program to its end, which must be exit code 0, and returns what it printed. */
  static String run(Duration timeout, String... command) throws Exception {
    try (Tool tool = start(command)) {
      return tool.awaitSuccess(timeout);
    }
  }

  boolean isRunning() {
    return process.isAlive();
  }

  String output() throws IOException {
    return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
  }

  String awaitSuccess(Duration timeout) throws Exception {
    boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    assertThat(ended).as("%s ends in %s; output:%n%s", command, timeout, output()).isTrue();
    assertThat(process.exitValue()).as("exit code of %s; output:%n%s", command, output()).isZero();
    return output();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.delete(output);
  }
}
