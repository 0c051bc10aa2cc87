package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Without its log a leader can release nothing, and with its log back it goes on as if nothing was.
 */
class BrokerOutageIT {
  private static final Duration OUTAGE = Duration.ofSeconds(10);
  private static final Duration RECOVERY = Duration.ofSeconds(3);

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void goesOnUnderTheSameTerm_whenBrokerWasAway() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("broker-outage")) {
      TestPair pair = TestPair.start(cluster, "outage");
      try (IncrTraffic traffic = pair.traffic("outage")) {
        pair.awaitAcknowledged(traffic, 100);

        cluster.broker().kill();
        cluster.listen(OUTAGE);
        cluster.startBroker();
        pair.awaitAcknowledged(traffic, 100);
        // Time enough for a promotion that should not be.
        cluster.listen(RECOVERY);
        pair.awaitAcknowledged(traffic, 100);

        pair.assertNothingLostOrTwice(traffic);
        assertThat(pair.leaderBeat().term()).as("term").isEqualTo(1);
        assertThat(pair.standbyBeat().term()).as("term known to the standby").isEqualTo(1);
        assertThat(pair.leader().isAlive()).as("leader is alive").isTrue();
        assertThat(pair.standby().isAlive()).as("standby is alive").isTrue();
      }
    }
  }
}
