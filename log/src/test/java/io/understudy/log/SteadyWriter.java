package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A leader that commits without pause, for tests that break its cluster meanwhile. Each epoch says
 * its own number, so that one that is lost or repeated is seen.
 */
public final class SteadyWriter implements AutoCloseable {
  private static final int PARTITIONS = 4;
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  private final ClusterConnection connection;
  private final VmId vm = new VmId("steady-" + UUID.randomUUID().toString().substring(0, 8));
  private final AtomicLong acknowledged = new AtomicLong(-1);
  private final AtomicBoolean stop = new AtomicBoolean();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final Future<Void> writer;

  private SteadyWriter(ClusterConnection connection) {
    this.connection = connection;
    writer = executor.submit(this::commitUntilStopped);
  }

  /** Makes a topic for a VM of its own, and begins. */
  public static SteadyWriter start(ClusterConnection connection) {
    return new SteadyWriter(connection);
  }

  public VmId vm() {
    return vm;
  }

  /** Number of the epoch that was acknowledged last, -1 before the first. */
  public long acknowledged() {
    return acknowledged.get();
  }

  /** Waits until {@code count} more epochs are committed; fails as the writer does. */
  public void awaitEpochs(long count) throws Exception {
    long wanted = acknowledged.get() + count;
    long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
    while (acknowledged.get() < wanted) {
      if (writer.isDone()) {
        writer.get();
      }
      assertThat(System.nanoTime() - deadlineNanos)
          .as("epoch %d committed in time, now %d", wanted, acknowledged.get())
          .isNegative();
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /** Ends the writer, which must not have failed; each acknowledged epoch must be there, once. */
  public void assertLogIsWhole() throws Exception {
    stop.set(true);
    writer.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20)).close();
    try (EpochReader reader = EpochReader.fromStart(connection, vm)) {
      List<Epoch> epochs = EpochLogContractTest.drain(reader);
      assertThat(epochs).hasSize(Math.toIntExact(acknowledged.get() + 1));
      for (int number = 0; number < epochs.size(); number++) {
        Epoch epoch = epochs.get(number);
        assertThat(epoch.term()).as("term of epoch %d", number).isEqualTo(1);
        assertThat(epoch.number()).isEqualTo(number);
        if (number > 0) {
          assertThat(epoch.events())
              .extracting(EventRecord::event)
              .as("events of epoch %d", number)
              .containsExactly(events(number));
        }
      }
    }
  }

  @Override
  public void close() {
    stop.set(true);
    executor.shutdownNow();
  }

  private Void commitUntilStopped() {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    try (FencedWriter right =
            KafkaEpochWriter.fence(connection, vm, KafkaEpochWriter.DEFAULT_COMMIT_TIMEOUT);
        EpochLog log = right.begin(UUID.randomUUID(), 1, ChainState.genesis(), PARTITIONS)) {
      acknowledged.set(log.commit(Drafts.first(PARTITIONS)).number());
      while (!stop.get()) {
        long epoch = acknowledged.get() + 1;
        acknowledged.set(log.commit(Drafts.of(epoch * 10, events(epoch))).number());
      }
      return null;
    }
  }

  private static GuestEvent[] events(long epoch) {
    return new GuestEvent[] {new GuestEvent.ClockAdvanced(epoch), Drafts.input("epoch " + epoch)};
  }
}
