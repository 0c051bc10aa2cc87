package io.understudy.containertests;

import com.github.dockerjava.api.DockerClient;
import io.understudy.log.ClusterConnection;
import java.util.List;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Kafka in a container, with what can happen to a container. It keeps its port when it is started
 * again, as a service would; a port of the engine's choice would be another one each time.
 */
public final class BrokerContainer implements AutoCloseable {
  private static final int PORT_INSIDE = 9092;

  private final KafkaContainer kafka;

  private BrokerContainer(KafkaContainer kafka) {
    this.kafka = kafka;
  }

  /** Returns when it serves. */
  public static BrokerContainer start() {
    KafkaContainer kafka =
        new KafkaContainer(
                DockerImageName.parse("apache/kafka:" + System.getProperty("kafka.version")))
            .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
            .withEnv("KAFKA_ADD_PARTITIONS_TO_TXN_RETRY_BACKOFF_MS", "1")
            .withEnv("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "5")
            .withEnv("KAFKA_HEAP_OPTS", "-Xms256m -Xmx512m");
    kafka.setPortBindings(List.of(Engine.freePort(28_100) + ":" + PORT_INSIDE));
    kafka.start();
    return new BrokerContainer(kafka);
  }

  public ClusterConnection connection() {
    return ClusterConnection.of(kafka.getBootstrapServers());
  }

  /** SIGKILL for all its processes; the data stay. */
  public void kill() {
    engine().killContainerCmd(kafka.getContainerId()).exec();
    engine().waitContainerCmd(kafka.getContainerId()).start().awaitStatusCode();
  }

  /** Starts the container that is there, and does not wait until it serves. */
  public void startAgain() {
    engine().startContainerCmd(kafka.getContainerId()).exec();
  }

  /** As {@code docker restart}. */
  public void restart() {
    engine().restartContainerCmd(kafka.getContainerId()).withTimeout(2).exec();
  }

  /** Freezes it: connections stay, and nobody answers. */
  public void pause() {
    engine().pauseContainerCmd(kafka.getContainerId()).exec();
  }

  public void unpause() {
    engine().unpauseContainerCmd(kafka.getContainerId()).exec();
  }

  @Override
  public void close() {
    kafka.stop();
  }

  private DockerClient engine() {
    return kafka.getDockerClient();
  }
}
