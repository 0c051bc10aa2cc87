package io.understudy.cli.demo;

import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.LogEnd;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/**
 * What a run's log holds and takes.
 *
 * @param epochs committed epochs
 * @param events events in them, marks not counted
 * @param bytes size of the segment files of the events topic: events, marks, and Kafka's own
 */
public record EventLogSize(long epochs, long events, long bytes) {
  private static final Duration POLL = Duration.ofMillis(200);

  /**
   * Reads a log from its beginning, and its files.
   *
   * @throws io.understudy.log.LogException if the log is damaged or incomplete
   */
  public static EventLogSize measure(ClusterConnection connection, VmId vm, Path brokerData) {
    long epochs = 0;
    long events = 0;
    try (EpochReader reader = EpochReader.fromStart(connection, vm)) {
      LogEnd end = reader.end();
      while (!reader.reached(end)) {
        Epoch epoch = reader.poll(POLL);
        if (epoch != null) {
          epochs++;
          events += epoch.events().size();
        }
      }
    }
    return new EventLogSize(epochs, events, segmentBytes(brokerData, Topics.events(vm)));
  }

  /** Bytes of log for each event; 0 for an empty log. */
  public double bytesPerEvent() {
    return events == 0 ? 0 : (double) bytes / events;
  }

  /** Index files are left out: the broker allocates them far larger than what is in them. */
  private static long segmentBytes(Path brokerData, String topic) {
    try (Stream<Path> files = Files.walk(brokerData)) {
      long bytes = 0;
      for (Path file : (Iterable<Path>) files::iterator) {
        Path parent = file.getParent();
        if (file.toString().endsWith(".log")
            && parent.getFileName().toString().startsWith(topic + "-")) {
          bytes += Files.size(file);
        }
      }
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot measure the log: directory=" + brokerData, e);
    }
  }
}
