package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Epochs larger than a batch, a broker's message limit and a fetch. */
class LargeEpochTest {
  private final ClusterConnection connection = TestBroker.connection();
  private final VmId vm = new VmId("large-" + UUID.randomUUID().toString().substring(0, 8));

  @Test
  void everyEpochIsReadBack_whenEpochsAreLargeAndPartitionsMustBePaused() {
    Random random = new Random(7);
    GuestEvent[] events = new GuestEvent[2000];
    for (int index = 0; index < events.length; index++) {
      // Not compressible: what is sent is as large as what is written.
      events[index] = new GuestEvent.ConsoleInput(Drafts.bytes(random, 4096));
    }
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, 4);
    }
    try (FencedWriter right = KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(60))) {
      EpochLog log = right.begin(UUID.randomUUID(), 1, ChainState.genesis(), 4);
      log.commit(Drafts.first(4));
      for (int epoch = 1; epoch <= 5; epoch++) {
        assertThat(log.commit(Drafts.of(epoch, events)).sizeBytes()).isGreaterThan(7 << 20);
      }
    }
    KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20)).close();

    try (EpochReader reader = EpochReader.fromStart(connection, vm)) {
      List<Epoch> epochs = EpochLogContractTest.drain(reader);
      assertThat(epochs).hasSize(6);
      assertThat(epochs.get(5).events()).extracting("event").containsExactly((Object[]) events);
    }
  }
}
