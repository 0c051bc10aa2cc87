package io.understudy.benchmarks;

import io.understudy.cli.demo.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * An {@code understudy} command in a JVM of its own, with the Java and the class path of this one;
 * its standard error is this process's, or goes to a file. Ends with {@link #close}, or with this
 * JVM. Owned by one thread.
 */
public final class ChildProcess implements AutoCloseable {
  private static final long ORDERLY_END_SECONDS = 10;

  private final List<String> words;
  private final Process process;
  private final BufferedReader output;
  private final Thread killer;

  private ChildProcess(List<String> words, Process process) {
    this.words = words;
    this.process = process;
    this.output = process.inputReader(StandardCharsets.UTF_8);
    this.killer = new Thread(process::destroyForcibly, "child-killer");
  }

  /** Starts the command that {@code words} name. */
  public static ChildProcess understudy(String... words) {
    return start(ProcessBuilder.Redirect.INHERIT, List.of(words));
  }

  /** The same with standard error in a file, at its end. */
  public static ChildProcess understudy(Path errors, List<String> words) {
    return start(ProcessBuilder.Redirect.appendTo(errors.toFile()), words);
  }

  private static ChildProcess start(ProcessBuilder.Redirect errors, List<String> words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx512m"));
    command.addAll(ChildJvm.WITHOUT_MEMORY);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("io.understudy.cli.Main");
    command.addAll(words);
    try {
      Process process = new ProcessBuilder(command).redirectError(errors).start();
      ChildProcess child = new ChildProcess(List.copyOf(words), process);
      child.endWithThisJvm();
      return child;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start a process: words=" + words, e);
    }
  }

  private void endWithThisJvm() {
    try {
      Runtime.getRuntime().addShutdownHook(killer);
    } catch (IllegalStateException ending) {
      process.destroyForcibly();
      throw ending;
    }
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** What it reads from its standard input. */
  public OutputStream input() {
    return process.getOutputStream();
  }

  /** What it writes to its standard output, from where {@link #awaitLine} has never read. */
  public InputStream output() {
    return process.getInputStream();
  }

  /**
   * The first line of its output that begins so.
   *
   * @throws IllegalStateException if the process ends without
   */
  public String awaitLine(String begin) {
    try {
      String line = output.readLine();
      while (line != null && !line.startsWith(begin)) {
        line = output.readLine();
      }
      if (line == null) {
        throw new IllegalStateException(
            "a process ended without what was expected of it: words="
                + words
                + " expected="
                + begin);
      }
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the output of a process: words=" + words, e);
    }
  }

  /** Waits for its end and returns the exit code. */
  public int awaitExit() throws InterruptedException {
    return process.waitFor();
  }

  /** Asks it to end, and ends it if it does not. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(ORDERLY_END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException ending) {
      // The JVM is ending; the hook has run or will.
      process.destroyForcibly();
    }
  }
}
