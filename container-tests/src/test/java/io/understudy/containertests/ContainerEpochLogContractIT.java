package io.understudy.containertests;

import io.understudy.log.ClusterConnection;
import io.understudy.log.KafkaEpochLogContractTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the log promises, on the image of Kafka that the compose file has. */
@ExtendWith(Engine.class)
class ContainerEpochLogContractIT extends KafkaEpochLogContractTest {
  private static BrokerContainer broker;

  @BeforeAll
  static void start() {
    broker = BrokerContainer.start();
  }

  @AfterAll
  static void stop() {
    if (broker != null) {
      broker.close();
    }
  }

  @Override
  protected ClusterConnection connection() {
    return broker.connection();
  }
}
