package io.understudy.log;

import java.util.UUID;

/** Public, so that it can be run against other brokers, too. */
public class KafkaEpochLogContractTest extends EpochLogContractTest {
  /** The broker's; the embedded one if this is not overridden. */
  protected ClusterConnection connection() {
    return TestBroker.connection();
  }

  @Override
  void create(int partitions) {
    try (LogTopics topics = new LogTopics(connection())) {
      topics.checkCluster();
      topics.create(vm, partitions);
    }
  }

  @Override
  FencedWriter fence() {
    return KafkaEpochWriter.fence(connection(), vm, DEADLINE);
  }

  @Override
  EpochSource source(UUID ofRun, LogPosition start) {
    return start == null
        ? EpochReader.fromStart(connection(), vm)
        : EpochReader.open(connection(), vm, ofRun, start);
  }
}
