package io.understudy.benchmarks;

import io.understudy.log.ClusterConnection;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.schemas.VmId;

/** Waits for logs. Stateless. */
public final class SettledLog {
  private SettledLog() {}

  /**
   * Returns when everything that was acknowledged can be read: Kafka acknowledges a commit a moment
   * before readers may see it, so a log that is read at once may lack its last epoch. Whoever wrote
   * the log can write no more.
   */
  public static void await(ClusterConnection connection, VmId vm) {
    KafkaEpochWriter.fence(connection, vm, KafkaEpochWriter.DEFAULT_COMMIT_TIMEOUT).close();
  }
}
