package io.understudy.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process whose heap is full: half dead it would keep its VMs from those that could lead them.
 */
@Timeout(120)
class OutOfMemoryTest {
  @TempDir private Path directory;

  /** Ends with 1, as all that nobody foresaw; with 3 systemd would not start it again. */
  @Test
  void processEndsAtOnce_whateverCatchesTheError() {
    List<String> options = List.of("-Xmx16m", "-XX:ErrorFile=" + directory.resolve("hs_err.log"));
    List<String> command = ChildJvm.command(options, Hoarder.class.getName(), List.of());
    try (ChildJvm child =
        ChildJvm.startProgram("hoarder", directory.resolve("hoarder.log"), command)) {
      assertThat(child.awaitExit(Duration.ofSeconds(60))).as(child.tail()).isEqualTo(1);
      assertThat(child.lines())
          .anyMatch(line -> line.contains("OutOfMemory encountered"))
          .noneMatch(line -> line.startsWith("goes on"));
    }
  }

  @Test
  void launcherSaysTheSame() throws Exception {
    String launcher = Files.readString(Path.of("..", "understudy"));

    assertThat(launcher).contains(String.join(" ", ChildJvm.WITHOUT_MEMORY));
  }

  /** Catches everything, like a loop that must go on. */
  static final class Hoarder {
    private Hoarder() {}

    /** Fills the heap. */
    public static void main(String[] arguments) {
      List<byte[]> kept = new ArrayList<>();
      try {
        while (true) {
          kept.add(new byte[1 << 20]);
        }
      } catch (OutOfMemoryError full) {
        int count = kept.size();
        kept.clear();
        System.out.println("goes on after MiB=" + count);
      }
    }
  }
}
