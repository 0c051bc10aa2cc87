package io.understudy.log;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * Which part of a run's history its log holds at some instant. Nothing of it is verified.
 * Immutable.
 *
 * @param run whose history it is; null if there is none yet
 * @param beginnings first offset of each partition, from 0
 * @param ends last stable offset of each partition, from 0
 */
public record LogExtent(
    UUID run, SortedMap<Integer, Long> beginnings, SortedMap<Integer, Long> ends) {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** So far before its end a partition has an epoch's mark, unless writers failed one by one. */
  private static final int TAIL = 16;

  /** An epoch is at least its mark and the transaction's end. */
  private static final int LEAST_OFFSETS_OF_AN_EPOCH = 2;

  /** Copies the maps. */
  public LogExtent {
    beginnings = Collections.unmodifiableSortedMap(new TreeMap<>(beginnings));
    ends = Collections.unmodifiableSortedMap(new TreeMap<>(ends));
  }

  /**
   * Looks at the log of a VM.
   *
   * @throws LogException if there is none, or it cannot be read
   */
  public static LogExtent of(ClusterConnection connection, VmId vm) {
    try (Consumer<String, byte[]> consumer =
        new KafkaConsumer<>(KafkaSettings.reader(connection))) {
      List<TopicPartition> partitions = assign(consumer, vm);
      Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      return new LogExtent(run(consumer, beginnings, ends), byNumber(beginnings), byNumber(ends));
    } catch (KafkaException e) {
      throw new LogException("cannot look at the event log: vm=" + vm + ": " + e.getMessage(), e);
    }
  }

  /**
   * Number of the newest epoch in the log of a VM; empty if the log's ends hold none.
   *
   * @throws LogException if it cannot be read
   */
  public static OptionalLong newestEpoch(ClusterConnection connection, VmId vm) {
    try (Consumer<String, byte[]> consumer =
        new KafkaConsumer<>(KafkaSettings.reader(connection))) {
      List<TopicPartition> partitions = assign(consumer, vm);
      Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      ends.forEach((at, end) -> consumer.seek(at, Math.max(beginnings.get(at), end - TAIL)));
      OptionalLong newest = OptionalLong.empty();
      long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
      while (!hasReached(consumer, ends)) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
          if (record.value() == null) {
            continue;
          }
          long epoch = EventCodec.decode(record.value()).epoch();
          newest = OptionalLong.of(Math.max(epoch, newest.orElse(epoch)));
        }
        if (System.nanoTime() - deadlineNanos >= 0) {
          throw new LogException("the event log's end cannot be read in time: " + PATIENCE);
        }
      }
      return newest;
    } catch (KafkaException e) {
      throw new LogException(
          "cannot read the event log's end: vm=" + vm + ": " + e.getMessage(), e);
    }
  }

  /** Has {@code consumer} read the VM's partitions, which are returned. */
  private static List<TopicPartition> assign(Consumer<String, byte[]> consumer, VmId vm) {
    List<PartitionInfo> infos = consumer.partitionsFor(Topics.events(vm));
    if (infos == null || infos.isEmpty()) {
      // A broker that has not heard of the topic yet: nothing is known, least that it is empty.
      throw new LogException("no such event topic: topic=" + Topics.events(vm));
    }
    List<TopicPartition> partitions = new ArrayList<>();
    for (PartitionInfo info : infos) {
      partitions.add(new TopicPartition(info.topic(), info.partition()));
    }
    consumer.assign(partitions);
    return partitions;
  }

  private static boolean hasReached(
      Consumer<String, byte[]> consumer, Map<TopicPartition, Long> ends) {
    return ends.keySet().stream().allMatch(at -> consumer.position(at) >= ends.get(at));
  }

  private static UUID run(
      Consumer<String, byte[]> consumer,
      Map<TopicPartition, Long> beginnings,
      Map<TopicPartition, Long> ends) {
    beginnings.forEach(consumer::seek);
    long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    while (!hasReached(consumer, ends)) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
        return EventCodec.decode(record.value()).run();
      }
      if (System.nanoTime() - deadlineNanos >= 0) {
        throw new LogException("the event log gives no record in time: timeout=" + PATIENCE);
      }
    }
    return null;
  }

  private static SortedMap<Integer, Long> byNumber(Map<TopicPartition, Long> offsets) {
    SortedMap<Integer, Long> numbered = new TreeMap<>();
    offsets.forEach((partition, offset) -> numbered.put(partition.partition(), offset));
    return numbered;
  }

  /** Whether the log goes back to the run's first epoch. */
  public boolean isWhole() {
    return beginnings.values().stream().allMatch(offset -> offset == 0);
  }

  /** Whether a reader can go on from {@code position}. */
  public boolean reaches(LogPosition position) {
    return position.partitions() == beginnings.size()
        && beginnings.entrySet().stream()
            .allMatch(first -> position.offsets().get(first.getKey()) >= first.getValue());
  }

  /** Whether this run can be read behind {@code snapshot} by somebody who has nothing else. */
  public boolean isReadableBehind(StoredSnapshot snapshot) {
    return snapshot.run().equals(run)
        && snapshot.manifest().isComplete()
        && reaches(snapshot.position());
  }

  /** That of {@code snapshots} from which most of this run can be read; empty if there is none. */
  public Optional<StoredSnapshot> earliestOf(List<StoredSnapshot> snapshots) {
    return snapshots.stream()
        .filter(this::isReadableBehind)
        .min(Comparator.comparing(one -> one.manifest().epoch()));
  }

  /** An upper bound for the number of epochs in the log. */
  public long epochsAtMost() {
    return epochsBehind(beginnings);
  }

  /** An upper bound for the number of epochs behind {@code position}. */
  public long epochsBehind(LogPosition position) {
    return epochsBehind(position.offsets());
  }

  private long epochsBehind(SortedMap<Integer, Long> from) {
    long offsets = 0;
    for (Map.Entry<Integer, Long> end : ends.entrySet()) {
      offsets += Math.max(0, end.getValue() - from.getOrDefault(end.getKey(), 0L));
    }
    return offsets / LEAST_OFFSETS_OF_AN_EPOCH;
  }
}
