package io.understudy.replay.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a writing process with SIGKILL at random moments. What is there afterwards must be
 * checkpoints exactly as they were written, and never less than the process had reported. (A kill
 * does not lose what is in the page cache: power loss is a matter of system tests.)
 */
@Tag("simulation")
final class RocksCheckpointStoreCrashTest {

  private static final int ROUNDS = 10;
  private static final long SEED = 20_260_101;

  @TempDir Path dir;

  @Test
  void keepsWholeCheckpointsAndAllThatWereReported_whenTheWriterIsKilled()
      throws InterruptedException {
    Random random = new Random(SEED);
    long reported = -1;
    for (int round = 0; round < ROUNDS; round++) {
      reported = Math.max(reported, runAndKill(random));
      check(round, reported);
    }
    assertThat(reported).as("checkpoints written in all rounds").isGreaterThan(ROUNDS);
  }

  private long runAndKill(Random random) throws InterruptedException {
    long last = -1;
    try (ChildProcess child =
        new ChildProcess(CheckpointLoop.class, dir.toString(), Long.toString(SEED))) {
      assertThat(child.readLine()).startsWith("open");
      int lines = random.nextInt(25);
      for (int i = 0; i < lines; i++) {
        last = Long.parseLong(child.readLine());
      }
      child.killAfter(random.nextInt(20_000));
      // A last line that was cut off is a smaller number and asks for less.
      for (String line = child.readLine(); line != null; line = child.readLine()) {
        last = Math.max(last, Long.parseLong(line));
      }
    }
    return last;
  }

  private void check(int round, long reported) {
    try (RocksCheckpointStore store = RocksCheckpointStore.openExisting(dir)) {
      List<Long> epochs = store.epochs();
      String what = "seed=" + SEED + " round=" + round;
      if (reported >= 0) {
        assertThat(epochs).as(what).isNotEmpty();
        assertThat(epochs.get(epochs.size() - 1)).as(what).isGreaterThanOrEqualTo(reported);
      }
      ModelMachine machine = new ModelMachine(SEED, CheckpointLoop.PAGES, CheckpointLoop.PAGE_SIZE);
      for (long epoch : epochs) {
        machine.advanceTo(epoch);
        Checkpoint checkpoint = store.at(epoch).orElseThrow();
        assertThat(checkpoint).as(what).isEqualTo(machine.checkpoint());
        assertThat(ModelMachine.read(store, checkpoint)).as(what).isEqualTo(machine.memory());
      }
      assertThat(store.verify().damage()).as(what).isEmpty();
    }
  }
}
