package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can be said of a log without reading it. */
@Timeout(120)
class LogExtentTest {
  private static final int PARTITIONS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ClusterConnection connection = TestBroker.connection();
  private final VmId vm = new VmId("extent-" + UUID.randomUUID().toString().substring(0, 8));

  @Test
  void newestEpochIsTheLastCommittedOne_inWhicheverPartitionItIs() {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    assertThat(LogExtent.newestEpoch(connection, vm)).isEmpty();
    try (FencedWriter right = KafkaEpochWriter.fence(connection, vm, PATIENCE);
        EpochLog log = right.begin(UUID.randomUUID(), 1, ChainState.genesis(), PARTITIONS)) {
      log.commit(Drafts.first(PARTITIONS));
      for (int epoch = 1; epoch <= 2 * PARTITIONS; epoch++) {
        long committed = log.commit(Drafts.of(10L * epoch)).number();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        // A commit is acknowledged a moment before readers see it.
        while (LogExtent.newestEpoch(connection, vm).orElse(-1) != committed) {
          assertThat(System.nanoTime() - deadline).as("epoch %d is seen", committed).isNegative();
        }
      }
    }
  }
}
