package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.containertests.BrokerContainer;
import io.understudy.containertests.Engine;
import io.understudy.log.ChainState;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Drafts;
import io.understudy.log.Epoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.EpochReader;
import io.understudy.log.FencedWriter;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.log.LogTopics;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The committer of a primary on a broker whose container is frozen: the output of an epoch that was
 * under way must wait for a further commit. In this package because the committer is assembled by
 * it alone; the test's thread is in the place of the vCPU's.
 */
@ExtendWith(Engine.class)
class EpochCommitterContainerIT {
  private static final int PARTITIONS = 4;
  private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private static BrokerContainer broker;

  private final VmId vm = new VmId("committer-" + UUID.randomUUID().toString().substring(0, 8));
  private final HandOver handOver = new HandOver();
  private final CaptureStatistics statistics = new CaptureStatistics();
  private final Gate gate = new Gate();
  private final AtomicLong committed = new AtomicLong(-1);
  private long submitted = -1;

  @BeforeAll
  static void startBroker() {
    broker = BrokerContainer.start();
  }

  @AfterAll
  static void stopBroker() {
    if (broker != null) {
      broker.close();
    }
  }

  /** For less than a request may take, and for more. */
  @ParameterizedTest
  @ValueSource(longs = {2, 12})
  void outputWaitsForAFurtherCommit_whenContainerWasPaused(long seconds) throws Exception {
    ClusterConnection connection = broker.connection();
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    Thread committer;
    try (FencedWriter right =
            KafkaEpochWriter.fence(connection, vm, KafkaEpochWriter.DEFAULT_COMMIT_TIMEOUT);
        EpochLog log = right.begin(UUID.randomUUID(), 1, ChainState.genesis(), PARTITIONS)) {
      committer = new Thread(committer(log), "committer");
      committer.start();
      commitUntilReleased();

      broker.pause();
      submitNext();
      TimeUnit.SECONDS.sleep(seconds);
      assertThat(committed.get()).as("committed on a frozen broker").isLessThan(submitted);
      assertThat(gate.epoch.get()).as("released on a frozen broker").isLessThan(submitted);

      broker.unpause();
      awaitCommitted();
      assertThat(gate.epoch.get())
          .as("released on a commit that took longer than the lease")
          .isLessThan(submitted);
      assertThat(handOver.takeProofWanted()).isTrue();
      assertThat(statistics.heldCommits()).isPositive();

      commitUntilReleased();
      handOver.stop(new StopReason(StopReason.Kind.REQUESTED, "the test ends"));
      committer.join(TimeUnit.NANOSECONDS.toMillis(DEADLINE_NANOS));
      assertThat(committer.isAlive()).isFalse();
    }
    assertEveryEpochIsThereOnce(connection);
  }

  private EpochCommitter committer(EpochLog log) {
    return new EpochCommitter(
        log,
        handOver,
        gate,
        HostClock.SYSTEM,
        statistics,
        CaptureSettings.DEFAULT,
        epoch -> committed.set(epoch.number()),
        () -> {});
  }

  /** Ten epochs at least, and as many more as it takes until one is committed within the lease. */
  private void commitUntilReleased() throws InterruptedException {
    long wanted = submitted + 10;
    long deadlineNanos = System.nanoTime() + DEADLINE_NANOS;
    while (submitted < wanted || gate.epoch.get() < submitted) {
      assertThat(System.nanoTime() - deadlineNanos)
          .as("epoch %d released in time, now %d", submitted, gate.epoch.get())
          .isNegative();
      submitNext();
      awaitCommitted();
    }
  }

  private void submitNext() {
    submitted++;
    handOver.submit(
        submitted == 0
            ? Drafts.first(PARTITIONS)
            : Drafts.of(submitted * 10, new GuestEvent.ClockAdvanced(submitted)));
  }

  private void awaitCommitted() throws InterruptedException {
    long deadlineNanos = System.nanoTime() + DEADLINE_NANOS;
    while (committed.get() < submitted) {
      assertThat(handOver.stopped()).as("why the committer stopped").isNull();
      assertThat(System.nanoTime() - deadlineNanos)
          .as("epoch %d committed in time, now %d", submitted, committed.get())
          .isNegative();
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private void assertEveryEpochIsThereOnce(ClusterConnection connection) {
    KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20)).close();
    try (EpochReader reader = EpochReader.fromStart(connection, vm)) {
      for (long number = 0; number <= submitted; number++) {
        Epoch epoch = reader.poll(Duration.ofSeconds(20));
        assertThat(epoch).as("epoch %d", number).isNotNull();
        assertThat(epoch.number()).isEqualTo(number);
        assertThat(epoch.term()).isEqualTo(1);
      }
      assertThat(reader.poll(Duration.ofSeconds(2))).isNull();
    }
  }

  /** Notes up to which epoch output may leave. */
  private static final class Gate implements OutputGate {
    private final AtomicLong epoch = new AtomicLong(-1);

    @Override
    public void committed(EpochDraft.Mark mark) {
      epoch.set(mark.position() / 10);
    }

    @Override
    public long releasedOffset() {
      return 0;
    }

    @Override
    public void stop(String reason) {}
  }
}
