package io.understudy.log;

import io.understudy.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** One broker for all test classes of a JVM, because starting one takes longer than most tests. */
final class TestBroker {
  private static EmbeddedBroker broker;
  private static Path directory;

  private TestBroker() {}

  static synchronized ClusterConnection connection() {
    if (broker == null) {
      EmbeddedBroker.keepJvmAlive();
      directory = directory();
      broker = EmbeddedBroker.start(directory, 0);
      Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
    }
    return ClusterConnection.of(broker.bootstrapServers());
  }

  /** The file in which the broker keeps the first records of a partition. */
  static synchronized Path firstSegment(String topic, int partition) {
    return directory
        .resolve("kafka")
        .resolve(topic + "-" + partition)
        .resolve("00000000000000000000.log");
  }

  private static Path directory() {
    try {
      Files.createDirectories(Path.of("target"));
      return Files.createTempDirectory(Path.of("target"), "broker");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
