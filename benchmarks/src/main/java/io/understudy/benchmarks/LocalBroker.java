package io.understudy.benchmarks;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTopics;
import java.io.IOException;

/**
 * A Kafka broker in a process of its own, with the topics that all VMs share; what it keeps on disk
 * goes with it. Owned by one thread.
 */
public final class LocalBroker implements AutoCloseable {
  private static final String READY = "broker ready: bootstrap-server=";

  private final WorkDirectory data;
  private final ChildProcess process;
  private final ClusterConnection connection;

  private LocalBroker(WorkDirectory data, ChildProcess process, ClusterConnection connection) {
    this.data = data;
    this.process = process;
    this.connection = connection;
  }

  /** Starts it and waits until it can be used. */
  public static LocalBroker start() throws IOException {
    WorkDirectory data = WorkDirectory.create();
    ChildProcess process =
        ChildProcess.understudy("broker", "--data", data.path().toString(), "--port", "0");
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
      data.close();
      throw failure;
    }
  }

  /** How to reach it. */
  public ClusterConnection connection() {
    return connection;
  }

  /** Id of its process. */
  public long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException {
    process.close();
    data.close();
  }
}
