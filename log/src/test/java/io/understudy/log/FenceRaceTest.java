package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.RepeatedTest;

/** Two writers race for a log: what the old one was told is committed, the new one must read. */
class FenceRaceTest {
  private static final int PARTITIONS = 4;

  private final ClusterConnection connection = TestBroker.connection();
  private final VmId vm = new VmId("race-" + UUID.randomUUID().toString().substring(0, 8));
  private final UUID run = UUID.randomUUID();
  private final AtomicLong acknowledged = new AtomicLong(-1);

  @RepeatedTest(20)
  void everyAcknowledgedEpochIsRead_whenFencedInTheMiddleOfCommits() throws Exception {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    ExecutorService executor = Executors.newSingleThreadExecutor();
    try (FencedWriter former = KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20))) {
      EpochLog formerLog = former.begin(run, 1, ChainState.genesis(), PARTITIONS);
      Future<LogFencedException> end = executor.submit(() -> commitUntilFenced(formerLog));
      awaitEpoch(5 + Math.floorMod(run.hashCode(), 10));

      try (FencedWriter right = KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20));
          EpochReader reader = EpochReader.fromStart(connection, vm)) {
        LogEnd fencedEnd = reader.end();
        List<Epoch> history = EpochLogContractTest.drain(reader);
        ChainState chain = reader.position().chain();
        EpochLog log = right.begin(run, 2, chain, PARTITIONS);
        log.commit(Drafts.takeOver(chain));
        for (int count = 0; count < 5; count++) {
          log.commit(Drafts.of(chain.nextEpoch() * 10 + count));
        }

        assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(LogFencedException.class);
        // Every acknowledged epoch is there, and at most the one whose answer was lost.
        assertThat(chain.lastEpoch()).isBetween(acknowledged.get(), acknowledged.get() + 1);
        assertThat(history).hasSize(Math.toIntExact(chain.nextEpoch()));
        KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20)).close();
        List<Epoch> rest = EpochLogContractTest.drain(reader);
        assertThat(rest).extracting(Epoch::term).containsOnly(2L).hasSize(6);
        assertThat(reader.reached(fencedEnd)).isTrue();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  private LogFencedException commitUntilFenced(EpochLog log) {
    try {
      acknowledged.set(log.commit(Drafts.first(PARTITIONS)).number());
      while (true) {
        long epoch = acknowledged.get() + 1;
        List<GuestEvent> events = new ArrayList<>();
        for (long nanos = 0; nanos < epoch % 4; nanos++) {
          events.add(new GuestEvent.ClockAdvanced(epoch));
        }
        EpochDraft draft = Drafts.of(epoch * 10, events.toArray(new GuestEvent[0]));
        acknowledged.set(log.commit(draft).number());
      }
    } catch (LogFencedException e) {
      return e;
    }
  }

  private void awaitEpoch(long epoch) {
    long deadlineNanos = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (acknowledged.get() < epoch) {
      assertThat(System.nanoTime() - deadlineNanos)
          .as("epoch %d committed in time, now %d", epoch, acknowledged.get())
          .isNegative();
      Thread.onSpinWait();
    }
  }
}
