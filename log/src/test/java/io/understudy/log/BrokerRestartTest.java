package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.broker.EmbeddedBroker;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
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
  private Process process;

  @BeforeEach
  void keepJvmAlive() {
    EmbeddedBroker.keepJvmAlive();
  }

  @AfterEach
  void end() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  @Test
  void everyCommitSucceeds_whenBrokerProcessIsKilledAndRestarted() throws Exception {
    int port = freePort();
    process = BrokerProcess.start(directory, port);
    try (SteadyWriter writer = SteadyWriter.start(ClusterConnection.of("127.0.0.1:" + port))) {
      for (int restart = 0; restart < RESTARTS; restart++) {
        writer.awaitEpochs(50 + restart * 7);
        process.destroyForcibly().waitFor();
        process = BrokerProcess.start(directory, port);
      }
      writer.awaitEpochs(50);

      writer.assertLogIsWhole();
    }
  }

  @Test
  void everyCommitSucceeds_whenBrokerIsStoppedAndRestarted() throws Exception {
    EmbeddedBroker broker = EmbeddedBroker.start(directory, 0);
    int port = broker.port();
    try (SteadyWriter writer =
        SteadyWriter.start(ClusterConnection.of(broker.bootstrapServers()))) {
      for (int restart = 0; restart < RESTARTS; restart++) {
        writer.awaitEpochs(50 + restart * 7);
        broker.close();
        broker = EmbeddedBroker.start(directory, port);
      }
      writer.awaitEpochs(50);

      writer.assertLogIsWhole();
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
