package io.understudy.cli.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One {@code understudy} command in a process of its own, with the java and the class path of this
 * process, or such a command in a lab host; what it prints goes to a file. Owned by the thread that
 * started it, but {@link #kill} may be called from any.
 */
public final class ChildJvm implements AutoCloseable {
  /** What the launcher says, too: see there. */
  public static final List<String> WITHOUT_MEMORY =
      List.of("-XX:+CrashOnOutOfMemoryError", "-XX:-CreateCoredumpOnCrash");

  private static final String MAIN_CLASS = "io.understudy.cli.Main";
  private static final Duration ORDERLY_END = Duration.ofSeconds(10);
  private static final int TAIL_LINES = 25;

  private final String name;
  private final Process process;
  private final Path output;

  private ChildJvm(String name, Process process, Path output) {
    this.name = name;
    this.process = process;
    this.output = output;
  }

  /**
   * Starts a command.
   *
   * @param name name for messages
   * @param output file that takes standard output and standard error
   * @param arguments as on the command line
   * @throws DemoException if the process cannot be started
   */
  static ChildJvm start(String name, Path output, List<String> arguments) {
    return startProgram(name, output, command(arguments));
  }

  /** The same with a program of any kind, which must end, with all it has started, when killed. */
  public static ChildJvm startProgram(String name, Path output, List<String> command) {
    try {
      return new ChildJvm(name, builder(command, output).start(), output);
    } catch (IOException e) {
      throw new DemoException("cannot start a process: name=" + name + " command=" + command, e);
    }
  }

  /** The command line that runs {@code understudy} with {@code arguments}. */
  static List<String> command(List<String> arguments) {
    return command(List.of(), MAIN_CLASS, arguments);
  }

  /** The command line of a class with a main method, with more options for the JVM. */
  public static List<String> command(
      List<String> jvmOptions, String mainClass, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Several of them share a small host and live for a minute: what counts is that they start
    // soon.
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m"));
    command.addAll(WITHOUT_MEMORY);
    command.addAll(jvmOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    command.addAll(arguments);
    return List.copyOf(command);
  }

  private static ProcessBuilder builder(List<String> command, Path output) {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
  }

  /** Name for messages. */
  public String name() {
    return name;
  }

  /** Process id. */
  public long pid() {
    return process.pid();
  }

  /** The file with what the process printed. */
  public Path output() {
    return output;
  }

  /** Whether the process is there, stopped ones included. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Ends the process with SIGKILL, as a lost host would, and waits until it is gone. */
  public void kill() {
    process.destroyForcibly();
    awaitExit(ORDERLY_END);
  }

  /** Freezes the process: SIGSTOP. */
  public void pause() {
    signal("STOP");
  }

  /** Lets a frozen process go on: SIGCONT. */
  public void resume() {
    signal("CONT");
  }

  /** Waits until the process has ended, or the time is over; whether it has ended. */
  boolean endsWithin(Duration timeout) {
    try {
      return process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted while waiting for a process: name=" + name, e);
    }
  }

  /**
   * Waits until the process has ended.
   *
   * @return its exit code
   * @throws DemoException if it does not end in time
   */
  public int awaitExit(Duration timeout) {
    if (!endsWithin(timeout)) {
      throw new DemoException(
          "process does not end: name=" + name + " timeout=" + timeout + "\n" + tail());
    }
    return process.exitValue();
  }

  /** All it has printed so far. */
  public List<String> lines() {
    try {
      // A line may be cut in the middle of a character while it is written.
      return new String(Files.readAllBytes(output), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new DemoException("cannot read the output of a process: file=" + output, e);
    }
  }

  /** The last lines it printed, under a headline. */
  public String tail() {
    List<String> lines = lines();
    String state = process.isAlive() ? "running" : "exit code " + process.exitValue();
    return "--- "
        + name
        + " ("
        + state
        + ", "
        + output
        + ")\n"
        + String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
  }

  /** Asks the process to end (SIGTERM), and kills it if it does not. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(ORDERLY_END.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** SIGKILL without waiting, for a JVM that is about to end. */
  void killNow() {
    process.destroyForcibly();
  }

  private void signal(String signal) {
    List<String> command = List.of("kill", "-" + signal, Long.toString(process.pid()));
    try {
      int code = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (code != 0) {
        throw new DemoException("cannot signal a process: command=" + command + " code=" + code);
      }
    } catch (IOException e) {
      throw new DemoException("cannot signal a process: command=" + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted while signalling a process: command=" + command, e);
    }
  }
}
