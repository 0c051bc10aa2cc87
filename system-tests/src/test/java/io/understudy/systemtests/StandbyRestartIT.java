package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.schemas.Heartbeat;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A standby that was killed goes on from its checkpoint and is as good as before. */
class StandbyRestartIT {
  private static final String VM = "restart";
  private static final String[] CHECKPOINTS = {"--checkpoint-every", "1s"};

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void continuesFromItsCheckpointAndCanLead_whenStandbyIsKilled() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("standby-restart")) {
      TestPair pair = TestPair.start(cluster, VM, CHECKPOINTS);
      try (IncrTraffic traffic = pair.traffic("restart")) {
        cluster.await(
            () -> pair.standbyBeat().checkpointEpoch() > 0,
            "standby writes a checkpoint",
            TestPair.TIMEOUT);
        pair.standby().kill();
        Heartbeat before = pair.standbyBeat();
        UUID killed = before.incarnation();
        pair.awaitAcknowledged(traffic, 100);

        pair.restartStandby(CHECKPOINTS);
        cluster.await(
            () ->
                !pair.standbyBeat().incarnation().equals(killed) && pair.standbyBeat().epoch() >= 0,
            "killed standby follows again",
            TestPair.TIMEOUT);
        Heartbeat first = pair.standbyBeat();
        cluster.awaitFollowing(VM, pair.standbyNode(), TestPair.TIMEOUT);
        Heartbeat caughtUp = pair.standbyBeat();

        assertThat(first.checkpointEpoch())
            .as("checkpoint that the new process began with")
            .isGreaterThanOrEqualTo(before.checkpointEpoch());
        // From the beginning it would have had to verify every epoch there is.
        assertThat(caughtUp.digestsVerified())
            .as("epochs verified by the new process")
            .isLessThanOrEqualTo(caughtUp.epoch() - before.checkpointEpoch());
        assertThat(caughtUp.digestMismatches()).isZero();

        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 100);
        pair.assertNothingLostOrTwice(traffic);
      }
    }
  }
}
