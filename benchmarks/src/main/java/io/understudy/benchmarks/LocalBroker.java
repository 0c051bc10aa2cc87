package io.understudy.benchmarks;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTopics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A Kafka broker in a process of its own, with the topics that all VMs share; what it keeps on disk
 * goes with it. Owned by one thread.
 */
public final class LocalBroker implements AutoCloseable {
  private static final String READY = "broker ready: bootstrap-server=";

  private final Path data;
  private final ChildProcess process;
  private final ClusterConnection connection;

  private LocalBroker(Path data, ChildProcess process, ClusterConnection connection) {
    this.data = data;
    this.process = process;
    this.connection = connection;
  }

  /** Starts it and waits until it can be used. */
  public static LocalBroker start() throws IOException {
    Path data = Files.createTempDirectory("understudy-benchmark-");
    ChildProcess process =
        ChildProcess.understudy("broker", "--data", data.toString(), "--port", "0");
    try {
      String ready = process.awaitLine(READY);
      String server = ready.substring(READY.length(), ready.indexOf(' ', READY.length()));
      ClusterConnection connection = ClusterConnection.of(server);
      try (LogTopics topics = new LogTopics(connection)) {
        topics.checkCluster();
        topics.createShared();
      }
      return new LocalBroker(data, process, connection);
    } catch (RuntimeException | Error failure) {
      process.close();
      delete(data);
      throw failure;
    }
  }

  /** How to reach it. */
  public ClusterConnection connection() {
    return connection;
  }

  @Override
  public void close() throws IOException {
    process.close();
    delete(data);
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }
}
