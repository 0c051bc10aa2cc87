package io.understudy.benchmarks;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTopics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

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
    return awaitReady(data, ChildProcess.understudy(words(data).toArray(String[]::new)));
  }

  /** The same with what it says in a file, at its end. */
  public static LocalBroker start(Path log) throws IOException {
    WorkDirectory data = WorkDirectory.create();
    return awaitReady(data, ChildProcess.understudy(log, words(data)));
  }

  private static List<String> words(WorkDirectory data) {
    return List.of("broker", "--data", data.path().toString(), "--port", "0");
  }

  private static LocalBroker awaitReady(WorkDirectory data, ChildProcess process)
      throws IOException {
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
