package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A leader that commits without pause while its broker goes away and comes back. */
class BrokerRestartTest {
  private static final int PARTITIONS = 4;
  private static final int RESTARTS = 3;

  @TempDir private Path directory;
  private final VmId vm = new VmId("restart");
  private final UUID run = UUID.randomUUID();
  private final AtomicLong acknowledged = new AtomicLong(-1);
  private final AtomicBoolean stop = new AtomicBoolean();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private Process process;

  @BeforeEach
  void keepJvmAlive() {
    EmbeddedBroker.keepJvmAlive();
  }

  @AfterEach
  void end() {
    stop.set(true);
    executor.shutdownNow();
    if (process != null) {
      process.destroyForcibly();
    }
  }

  @Test
  void everyCommitSucceeds_whenBrokerProcessIsKilledAndRestarted() throws Exception {
    int port = freePort();
    process = BrokerProcess.start(directory, port);
    ClusterConnection connection = ClusterConnection.of("127.0.0.1:" + port);
    Future<Void> writer = startWriter(connection);

    for (int restart = 0; restart < RESTARTS; restart++) {
      awaitEpochs(50 + restart * 7, writer);
      process.destroyForcibly().waitFor();
      process = BrokerProcess.start(directory, port);
    }
    awaitEpochs(50, writer);

    assertLogIsWhole(connection, writer);
  }

  @Test
  void everyCommitSucceeds_whenBrokerIsStoppedAndRestarted() throws Exception {
    EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
    int port = broker.port();
    try {
      ClusterConnection connection = ClusterConnection.of(broker.bootstrapServers());
      Future<Void> writer = startWriter(connection);

      for (int restart = 0; restart < RESTARTS; restart++) {
        awaitEpochs(50 + restart * 7, writer);
        broker.close();
        broker = EmbeddedBroker.start(directory, port);
      }
      awaitEpochs(50, writer);

      assertLogIsWhole(connection, writer);
    } finally {
      broker.close();
    }
  }

  @Test
  void commitThrowsTimeout_whenBrokerStaysAway() {
    EpochLog log;
    FencedWriter right;
    EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
    try {
      ClusterConnection connection = ClusterConnection.of(broker.bootstrapServers());
      createTopic(connection);
      right = KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(3));
      log = right.begin(run, 1, ChainState.genesis(), PARTITIONS);
      log.commit(Drafts.first(PARTITIONS));
    } finally {
      broker.close();
    }
    long startNanos = System.nanoTime();

    assertThatThrownBy(() -> log.commit(Drafts.of(10)))
        .isInstanceOf(LogTimeoutException.class)
        .hasMessageContaining("epoch=1")
        .hasMessageContaining("Kafka said");

    assertThat(Duration.ofNanos(System.nanoTime() - startNanos))
        .isBetween(Duration.ofSeconds(2), Duration.ofSeconds(8));
    right.close();
  }

  private Future<Void> startWriter(ClusterConnection connection) {
    createTopic(connection);
    return executor.submit(
        () -> {
          try (FencedWriter right =
                  KafkaEpochWriter.fence(connection, vm, KafkaEpochWriter.DEFAULT_COMMIT_TIMEOUT);
              EpochLog log = right.begin(run, 1, ChainState.genesis(), PARTITIONS)) {
            acknowledged.set(log.commit(Drafts.first(PARTITIONS)).number());
            while (!stop.get()) {
              long epoch = acknowledged.get() + 1;
              EpochDraft draft =
                  Drafts.of(epoch * 10, new GuestEvent.ClockAdvanced(epoch), Drafts.input("epoch"));
              acknowledged.set(log.commit(draft).number());
            }
            return null;
          }
        });
  }

  private void assertLogIsWhole(ClusterConnection connection, Future<Void> writer)
      throws Exception {
    stop.set(true);
    writer.get(60, TimeUnit.SECONDS);
    KafkaEpochWriter.fence(connection, vm, Duration.ofSeconds(20)).close();
    try (EpochReader reader = EpochReader.fromStart(connection, vm)) {
      List<Epoch> epochs = EpochLogContractTest.drain(reader);
      assertThat(epochs).hasSize(Math.toIntExact(acknowledged.get() + 1));
    }
  }

  /** Waits until {@code count} more epochs are committed. */
  private void awaitEpochs(long count, Future<Void> writer) throws Exception {
    long wanted = acknowledged.get() + count;
    long deadlineNanos = System.nanoTime() + Duration.ofSeconds(60).toNanos();
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

  private void createTopic(ClusterConnection connection) {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
