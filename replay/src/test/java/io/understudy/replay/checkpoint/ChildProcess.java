package io.understudy.replay.checkpoint;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another JVM with the class path of this one. Closing it kills it with SIGKILL. */
final class ChildProcess implements AutoCloseable {

  private final Process process;
  private final BufferedReader output;

  ChildProcess(Class<?> main, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(args));
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Next line of its output without log lines; null at the end. */
  String readLine() {
    try {
      String line = output.readLine();
      while (line != null && !line.matches("open.*|-?\\d+")) {
        line = output.readLine();
      }
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends it with SIGKILL after this time; what it has printed can still be read. */
  void killAfter(long micros) throws InterruptedException {
    if (process.waitFor(micros, TimeUnit.MICROSECONDS)) {
      throw new IllegalStateException("process ended by itself: exit=" + process.exitValue());
    }
    // Not Process.destroyForcibly: that throws away the output that is still in the pipe.
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
