package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A leader that was frozen, replaced and let go again finds out, and does no harm until it does.
 */
class ZombieIT {
  private static final int EXIT_FENCED = 5;

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void oldLeaderEndsAsFenced_whenItWakesAfterTakeover() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("zombie")) {
      TestPair pair = TestPair.start(cluster, "zombie");
      try (IncrTraffic traffic = pair.traffic("zombie")) {
        pair.awaitAcknowledged(traffic, 100);
        ChildJvm zombie = pair.leader();

        zombie.pause();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 50);
        zombie.resume();
        int code = zombie.awaitExit(TestPair.TIMEOUT);
        pair.awaitAcknowledged(traffic, 50);

        assertThat(code)
            .as("exit code of the old leader\n%s", zombie.tail())
            .isEqualTo(EXIT_FENCED);
        pair.assertNothingLostOrTwice(traffic);
      }
    }
  }
}
