package io.understudy.systemtests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.Protection;
import io.understudy.systemtests.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A guest is held back for a standby that cannot follow closely, and let go when it can. */
class SlowStandbyIT {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final String LEADER = VmProcesses.name(0);
  private static final int STANDBY = 1;

  /** There and back it is more than half of what a standby may trail, and less than all of it. */
  private static final long DELAY_MILLIS = 600;

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void guestIsHeldBack_whileItsStandbyHearsOfItLate() throws Exception {
    Needs.kvm();
    Path directory = Path.of("target", "system-tests", "slow-standby").toAbsolutePath();
    Damage.delete(directory);
    Files.createDirectories(directory.resolve("run"));
    Schedule cast = Schedule.of(1, 0, Optional.of(FaultKind.SLOW_NETWORK));
    try (Brokers brokers = Brokers.start(directory.resolve("cluster"), 1, VmProcesses.SLOTS);
        BeatLog beats = new BeatLog(brokers.connection())) {
      beats.watch("slow");
      try (VmProcesses processes =
          new VmProcesses("slow", brokers, directory.resolve("run"), cast, beats)) {
        processes.startAll(Optional.empty());
        try (Workload workload =
            Workload.start("slow", processes.frontPort(), 4, cast.seed(), TIMEOUT)) {
          await(beats, beat -> beat.protection() == Protection.PROTECTED);

          processes.network(STANDBY).forEach(path -> path.delay(DELAY_MILLIS));
          await(
              beats,
              beat -> beat.protection() == Protection.DEGRADED && beat.throttlePermille() > 0);
          int replies = workload.fewestReplies();
          await(beats, beat -> workload.fewestReplies() > replies + 5);

          processes.network(STANDBY).forEach(path -> path.delay(0));
          await(
              beats,
              beat -> beat.protection() == Protection.PROTECTED && beat.throttlePermille() == 0);
          Workload.Seen seen = workload.stop();
          assertThat(seen.violations()).isEmpty();
          assertThat(LinearizabilityChecker.check(seen.operations())).isEmpty();
        }
      }
    }
  }

  private static void await(BeatLog beats, Predicate<Heartbeat> wanted) {
    boolean seen = Diary.until(TIMEOUT, () -> beats.newest(LEADER).filter(wanted).isPresent());
    assertThat(seen).as("the leader's last beat: %s", beats.newest(LEADER)).isTrue();
  }
}
