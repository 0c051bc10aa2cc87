package io.understudy.log;

import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * How many bytes of a VM's log lie behind a place of it. It reads the log for that, once, for
 * nothing that nodes are allowed to ask of a cluster tells: what brokers say of their disks takes a
 * permission on the cluster, and includes what was deleted already.
 *
 * <p>Counted are keys and values as they are before compression. Places are known to within {@code
 * grain} bytes in each partition. Owned by one thread.
 */
public final class EventBytes implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);

  private final Consumer<String, byte[]> consumer;
  private final long grain;
  private final SortedMap<Integer, Lane> lanes = new TreeMap<>();
  private boolean isComplete;

  /** What was read of a partition: so many bytes lie before some of its offsets. */
  private static final class Lane {
    private final TreeMap<Long, Long> before = new TreeMap<>();
    private long bytes;
    private long named;

    private Lane(long first) {
      before.put(first, 0L);
    }

    private void read(long offset, long size, long grain) {
      bytes += size;
      if (bytes - named >= grain) {
        named = bytes;
        before.put(offset + 1, bytes);
      }
    }

    private long behind(long offset) {
      Map.Entry<Long, Long> known = before.floorEntry(offset);
      return bytes - (known == null ? before.firstEntry().getValue() : known.getValue());
    }

    /** The partition begins at {@code first} now. */
    private void deleted(long first) {
      Map.Entry<Long, Long> known = before.floorEntry(first);
      if (known != null) {
        before.headMap(first, false).clear();
        before.put(first, known.getValue());
      }
    }
  }

  private EventBytes(Consumer<String, byte[]> consumer, long grain) {
    this.consumer = consumer;
    this.grain = grain;
  }

  /**
   * Nothing is read yet.
   *
   * @param grain bytes, at least 1; the smaller, the more memory it takes
   * @throws LogException if the VM has no log, or it cannot be reached
   */
  public static EventBytes open(ClusterConnection connection, VmId vm, long grain) {
    EventBytes opened =
        new EventBytes(new KafkaConsumer<>(KafkaSettings.reader(connection)), grain);
    try {
      opened.assign(Topics.events(vm));
      return opened;
    } catch (KafkaException e) {
      opened.close();
      throw new LogException("cannot look at the event log: vm=" + vm + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void assign(String topic) {
    List<PartitionInfo> infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      throw new LogException("no such event topic: topic=" + topic);
    }
    List<TopicPartition> partitions = new ArrayList<>();
    infos.forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
    consumer.assign(partitions);
    consumer
        .beginningOffsets(partitions)
        .forEach(
            (partition, first) -> {
              consumer.seek(partition, first);
              lanes.put(partition.partition(), new Lane(first));
            });
  }

  /**
   * Reads on until it has read all there is, or about {@code most} bytes.
   *
   * @throws LogException if the log cannot be read
   */
  public void readOn(long most) {
    try {
      Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
      long read = 0;
      boolean reached = false;
      while (!reached && read < most) {
        read += poll();
        reached = true;
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
          reached &= consumer.position(end.getKey()) >= end.getValue();
        }
      }
      isComplete |= reached;
    } catch (KafkaException e) {
      throw new LogException("cannot look at the event log: " + e.getMessage(), e);
    }
  }

  private long poll() {
    long read = 0;
    try {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
        long size = Math.max(0, record.serializedValueSize());
        size += Math.max(0, record.serializedKeySize());
        lanes.get(record.partition()).read(record.offset(), size, grain);
        read += size;
      }
    } catch (OffsetOutOfRangeException deleted) {
      consumer
          .beginningOffsets(deleted.partitions())
          .forEach(
              (partition, first) -> {
                consumer.seek(partition, first);
                lanes.get(partition.partition()).deleted(first);
              });
    }
    return read;
  }

  /** Whether all was read that was there at some moment since it was opened. */
  public boolean isComplete() {
    return isComplete;
  }

  /** Bytes read behind {@code position}. */
  public long behind(LogPosition position) {
    long bytes = 0;
    for (Map.Entry<Integer, Lane> lane : lanes.entrySet()) {
      bytes += lane.getValue().behind(position.offsets().getOrDefault(lane.getKey(), 0L));
    }
    return bytes;
  }

  /** Bytes read of what the log still has. */
  public long bytes() {
    return lanes.values().stream()
        .mapToLong(lane -> lane.bytes - lane.before.firstEntry().getValue())
        .sum();
  }

  /** The log was cut off: {@code beginnings} is where its partitions begin now. */
  public void deletedBelow(Map<Integer, Long> beginnings) {
    beginnings.forEach((partition, first) -> lanes.get(partition).deleted(first));
  }

  @Override
  public void close() {
    consumer.close();
  }
}
