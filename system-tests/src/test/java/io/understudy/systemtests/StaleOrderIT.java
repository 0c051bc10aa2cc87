package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.ControlTopic;
import io.understudy.log.TopicPublisher;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node that is new, or was away, finds orders that are of no concern any more. */
class StaleOrderIT {
  private static final String VM = "stale-order";

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void leaderGoesOn_whenAnOrderForAPastTermNamesTheNewStandby() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("stale-order")) {
      TestPair pair = TestPair.start(cluster, VM);
      try (IncrTraffic traffic = pair.traffic(VM)) {
        pair.awaitAcknowledged(traffic, 100);
        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 100);
        order(cluster, pair.leaderBeat().run(), "node-3");

        pair.startStandby();
        pair.awaitAcknowledged(traffic, 100);

        assertThat(pair.standbyNode()).isEqualTo("node-3");
        assertThat(pair.leader().isAlive()).as("leader is alive").isTrue();
        assertThat(pair.leaderBeat().term()).as("term of the leader").isEqualTo(2);
        assertThat(pair.standbyBeat().term()).as("term known to the standby").isEqualTo(2);
        pair.assertNothingLostOrTwice(traffic);
      }
    }
  }

  /** What is left when a candidate was given up too early, and led all the same. */
  private static void order(LocalCluster cluster, UUID run, String node) {
    try (TopicPublisher<ControlOrder> orders =
        ControlTopic.publisher(cluster.connection(), TestPair.TIMEOUT)) {
      orders.publish(
          new PromotionOrdered(VM, run, 1, node, UUID.randomUUID(), "overtaken", "coordinator", 0));
    }
  }
}
