package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.capture.CaptureStatistics;
import io.understudy.capture.Pace;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Protection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProtectionWatchTest {
  private static final UUID RUN = new UUID(0, 7);
  private static final UUID STANDBY = new UUID(0, 1);

  private final Pace pace = new Pace();
  private final ProtectionWatch watch =
      new ProtectionWatch(
          "demo",
          RUN,
          new ProtectionSettings(
              Duration.ofSeconds(2), 0, Duration.ofSeconds(2), true, Duration.ofSeconds(30)),
          Duration.ofMillis(50),
          new CaptureStatistics(),
          pace,
          0);

  private static Heartbeat beat(UUID run, NodeRole role, String phase) {
    return new Heartbeat("demo", run, "b", STANDBY, role, phase, 1, 5, 1, -1, "", 0, 0, 0, 1);
  }

  private static long seconds(long seconds) {
    return TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void standbyCounts_untilItIsSilentWhileOthersAreHeard() {
    watch.heard(beat(RUN, NodeRole.STANDBY, "FOLLOWING"), seconds(40));
    watch.turn(seconds(40), seconds(40));
    assertThat(watch.last().state()).isEqualTo(Protection.PROTECTED);

    watch.turn(seconds(50), seconds(41));
    assertThat(watch.last().state())
        .as("the cluster carries nothing, so nobody is silent")
        .isEqualTo(Protection.PROTECTED);

    watch.turn(seconds(51), seconds(51));
    assertThat(watch.last().state()).isEqualTo(Protection.STOPPED);
    assertThat(pace.heldPermille()).isEqualTo(Pace.ALWAYS);

    watch.heard(beat(RUN, NodeRole.STANDBY, "FOLLOWING"), seconds(52));
    watch.turn(seconds(52), seconds(52));
    assertThat(pace.heldPermille()).isZero();
  }

  @Test
  void otherRunsAndLeadersAndWrongMachinesDoNotCount_repairedOnesDo() {
    watch.heard(beat(new UUID(0, 8), NodeRole.STANDBY, "FOLLOWING"), seconds(1));
    watch.heard(beat(RUN, NodeRole.PRIMARY, "LIVE"), seconds(1));
    watch.turn(seconds(1), seconds(1));
    assertThat(watch.last().state()).isEqualTo(Protection.UNPROTECTED);

    for (String phase : List.of("REPAIRING", "DIVERGED")) {
      watch.heard(beat(RUN, NodeRole.STANDBY, "FOLLOWING"), seconds(1));
      watch.heard(beat(RUN, NodeRole.STANDBY, phase), seconds(1));
      watch.turn(seconds(1), seconds(1));
      assertThat(watch.last().state()).as(phase).isEqualTo(Protection.UNPROTECTED);
    }
  }
}
