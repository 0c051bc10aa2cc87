package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A crash point ends a process, and only an armed one does. */
class CrashPointTest {
  private static final int PASSINGS = 3;

  /** The process: passes two points in turn and says so. */
  static final class Passer {
    private Passer() {}

    public static void main(String[] args) {
      CrashPoint.announce();
      for (int passing = 1; passing <= PASSINGS; passing++) {
        CrashPoint.BEFORE_COMMIT.pass();
        System.out.println("before " + passing);
        CrashPoint.AFTER_COMMIT.pass();
        System.out.println("after " + passing);
      }
    }
  }

  @Test
  void doesNothing_whenNothingIsArmed() throws Exception {
    for (CrashPoint point : CrashPoint.values()) {
      point.pass();
    }
    CrashPoint.announce();

    Process process = start(null);

    assertThat(output(process)).endsWith("before 3\nafter 3").doesNotContain("FOR A TEST");
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void endsTheProcessAtItsTurn_whenHaltIsArmed() throws Exception {
    Process process = start("after-commit:2:halt");

    assertThat(output(process))
        .contains("MADE TO FAIL, FOR A TEST: understudy.crashPoint=after-commit:2:halt")
        .contains("crash point reached: after-commit:2:halt")
        .contains("before 2")
        .doesNotContain("after 2");
    assertThat(process.waitFor()).isEqualTo(CrashPoint.EXIT_CODE);
  }

  @Test
  void freezesTheProcessUntilItIsWoken_whenStopIsArmed() throws Exception {
    Process process = start("before-commit:3:stop");
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String line = out.readLine();
      while (!line.equals("after 2")) {
        line = out.readLine();
      }
      while (!isFrozen(process)) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      assertThat(
              new ProcessBuilder("kill", "-CONT", Long.toString(process.pid())).start().waitFor())
          .isZero();
      assertThat(out.lines()).contains("before 3", "after 3");
    }
    assertThat(process.waitFor()).isZero();
  }

  @Test
  void refusesTheProperty_whenItMakesNoSense() throws Exception {
    for (String value :
        new String[] {
          "no-such-point:1:halt", "after-commit:0:halt", "after-commit:1:x", "", "a:b"
        }) {
      Process process = start(value);

      assertThat(output(process))
          .as(value)
          .contains("IllegalArgumentException: understudy.crashPoint must be NAME:N:ACTION")
          .contains("actual=" + value)
          .contains("before-commit within-commit")
          .doesNotContain("before 1");
      assertThat(process.waitFor()).isEqualTo(1);
    }
  }

  private static boolean isFrozen(Process process) throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
    return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
  }

  private static String output(Process process) throws IOException {
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      return String.join("\n", out.lines().toList());
    }
  }

  private static Process start(String crashPoint) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    builder.command().add("-XX:TieredStopAtLevel=1");
    if (crashPoint != null) {
      builder.command().add("-D" + CrashPoint.PROPERTY + "=" + crashPoint);
    }
    builder.command().add("-cp");
    builder
        .command()
        .add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    builder.command().add(Passer.class.getName());
    return builder.redirectErrorStream(true).start();
  }
}
