package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.HistoryChecker;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.cli.demo.RespClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Kills leaders at random moments under traffic, again and again: system property {@code rounds},
 * {@code seed} repeats the moments. Several failovers of one VM follow each other, each with a new
 * standby that catches up from the beginning of the log.
 */
class FailoverIT {
  private static final int ROUNDS_PER_VM = 4;
  private static final int MOST_MILLIS_BEFORE_KILL = 1500;
  private static final int BURNING_ROUNDS = 3;
  private static final int BURN_MILLIS = 1500;

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void losesNothingAndRepeatsNothing_whenLeadersAreKilled() throws Exception {
    Needs.kvm();
    int rounds = Integer.getInteger("rounds", 20);
    String given = System.getProperty("seed", "");
    long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
    System.out.println("FailoverIT: repeat with -Drounds=" + rounds + " -Dseed=" + seed);
    Random random = new Random(seed);

    try (LocalCluster cluster = TestPair.cluster("failover")) {
      TestPair pair = null;
      for (int round = 0; round < rounds; round++) {
        if (round % ROUNDS_PER_VM == 0) {
          if (pair != null) {
            pair.leader().kill();
          }
          pair = TestPair.start(cluster, "vm-" + round / ROUNDS_PER_VM);
        } else {
          pair.startStandby();
        }
        HistoryChecker.Result result =
            killUnderTraffic(
                cluster, pair, "round-" + round, random.nextInt(MOST_MILLIS_BEFORE_KILL));
        System.out.println(
            "FailoverIT: round="
                + round
                + " acknowledged="
                + result.acknowledged()
                + " pauseMillis="
                + TimeUnit.NANOSECONDS.toMillis(result.longestPauseNanos()));
      }
    }
  }

  /** The leader dies while its guest computes; the answer comes from its successor. */
  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void keepsComputing_whenLeadersAreKilled() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("failover-computing")) {
      TestPair pair = TestPair.start(cluster, "burning");
      for (int round = 0; round < BURNING_ROUNDS; round++) {
        if (round > 0) {
          pair.startStandby();
        }
        try (RespClient client = RespClient.connect(pair.port(), TestPair.TIMEOUT);
            IncrTraffic traffic = pair.traffic("burning-" + round)) {
          pair.awaitAcknowledged(traffic, 1);
          CompletableFuture<Long> answer = burning(client);
          // The guest's own time passes only while it computes, so it is in the middle now.
          cluster.listen(Duration.ofMillis(BURN_MILLIS / 3));
          pair.leader().kill();
          pair.awaitTakeover();
          assertThat(answer.get(TestPair.TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isNotNegative();
          pair.awaitAcknowledged(traffic, 20);
          pair.assertNothingLostOrTwice(traffic);
        }
      }
    }
  }

  private static CompletableFuture<Long> burning(RespClient client) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return client.burn(BURN_MILLIS);
          } catch (IOException lost) {
            throw new UncheckedIOException(lost);
          }
        });
  }

  private static HistoryChecker.Result killUnderTraffic(
      LocalCluster cluster, TestPair pair, String prefix, int millisBeforeKill) throws Exception {
    try (IncrTraffic traffic = pair.traffic(prefix)) {
      pair.awaitAcknowledged(traffic, 1);
      cluster.listen(Duration.ofMillis(millisBeforeKill));

      pair.leader().kill();
      pair.awaitTakeover();

      pair.awaitAcknowledged(traffic, 100);
      return pair.assertNothingLostOrTwice(traffic);
    }
  }
}
