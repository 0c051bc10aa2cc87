package io.understudy.cli.demo;

import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.LogEnd;
import io.understudy.log.LogStart;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;

/**
 * What a run's log holds and takes.
 *
 * @param firstEpoch number of the first committed epoch that can be read
 * @param epochs how many there are from it on
 * @param events events in them, marks not counted
 * @param bytes size of the segment files of one replica of the events topic, as brokers tell it:
 *     events, marks, and Kafka's own
 */
public record EventLogSize(long firstEpoch, long epochs, long events, long bytes) {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int ANSWER_SECONDS = 30;

  /**
   * Reads a log, as far back as it can be read, and asks for the size of its files.
   *
   * @param stillPossible called again and again; throws when there is nobody to read from
   * @throws io.understudy.log.LogException if the log is damaged or incomplete
   */
  public static EventLogSize measure(
      ClusterConnection connection, VmId vm, Runnable stillPossible) {
    LogStart start = LogStart.earliest(connection, vm);
    long epochs = 0;
    long events = 0;
    try (EpochReader reader = start.open(connection, vm)) {
      LogEnd end = reader.end();
      while (!reader.reached(end)) {
        stillPossible.run();
        Epoch epoch = reader.poll(POLL);
        if (epoch != null) {
          epochs++;
          events += epoch.events().size();
        }
      }
    }
    try (Admin admin = connection.admin()) {
      return new EventLogSize(
          start.firstEpoch(), epochs, events, segmentBytes(admin, Set.of(Topics.events(vm))));
    }
  }

  /** Number of the last epoch. */
  public long lastEpoch() {
    return firstEpoch + epochs - 1;
  }

  /** Bytes of log for each event; 0 for an empty log. */
  public double bytesPerEvent() {
    return events == 0 ? 0 : (double) bytes / events;
  }

  /** Size of the segment files of {@code topics}, of one replica of each partition. */
  public static long segmentBytes(Admin admin, Set<String> topics) {
    try {
      List<Integer> brokers =
          admin.describeCluster().nodes().get(ANSWER_SECONDS, TimeUnit.SECONDS).stream()
              .map(Node::id)
              .toList();
      Map<TopicPartition, Long> largest = new HashMap<>();
      admin
          .describeLogDirs(brokers)
          .allDescriptions()
          .get(ANSWER_SECONDS, TimeUnit.SECONDS)
          .values()
          .stream()
          .flatMap(directories -> directories.values().stream())
          .flatMap(directory -> directory.replicaInfos().entrySet().stream())
          .filter(replica -> topics.contains(replica.getKey().topic()))
          .forEach(
              replica -> largest.merge(replica.getKey(), replica.getValue().size(), Math::max));
      return largest.values().stream().mapToLong(Long::longValue).sum();
    } catch (ExecutionException | TimeoutException e) {
      throw new DemoException("cannot ask for the size of the log: topics=" + topics, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DemoException("interrupted while asking for the size of the log", e);
    }
  }
}
