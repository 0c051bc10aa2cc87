package io.understudy.log;

import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Reads a run's log from Kafka: one consumer, assigned to all partitions, that hands epoch e out
 * from partition e mod P in turn.
 *
 * <p>Only committed transactions are visible ({@code read_committed}). Memory is bounded but for
 * the one epoch that is put together: a partition whose records wait for their turn is paused, so
 * per partition there is at most {@link #MAX_BUFFERED_BYTES} and one fetch. Offsets are never used
 * to judge completeness, because commit markers and aborted records take offsets too; sequence
 * numbers and the hash chain are.
 *
 * <p>Owned by one thread, as its consumer is.
 */
public final class EpochReader implements EpochSource {
  private static final long MAX_BUFFERED_BYTES = 4L * 1024 * 1024;

  private final VmId vm;
  private final Consumer<String, byte[]> consumer;
  private final EpochVerifier verifier;
  private final List<Lane> lanes = new ArrayList<>();

  /** Null where nobody wants them. */
  private RecordObserver observer;

  /** A partition and what was fetched from it but is not yet verified. */
  private static final class Lane {
    private final TopicPartition partition;
    private final ArrayDeque<ConsumerRecord<String, byte[]>> records = new ArrayDeque<>();
    private long bufferedBytes;

    private boolean paused;

    private Lane(TopicPartition partition) {
      this.partition = partition;
    }

    private void add(ConsumerRecord<String, byte[]> record) {
      records.add(record);
      bufferedBytes += Math.max(0, record.serializedValueSize());
    }

    private ConsumerRecord<String, byte[]> remove() {
      ConsumerRecord<String, byte[]> record = records.remove();
      bufferedBytes -= Math.max(0, record.serializedValueSize());
      return record;
    }
  }

  private EpochReader(VmId vm, Consumer<String, byte[]> consumer, UUID run, LogPosition start) {
    this.vm = vm;
    this.consumer = consumer;
    this.verifier = new EpochVerifier(vm.text(), run, start);
  }

  /**
   * Opens the log at its beginning, with whatever run and number of partitions it has.
   *
   * @throws LogException if there is no such log
   * @throws LogTruncatedException if its beginning is no longer there
   */
  public static EpochReader fromStart(ClusterConnection connection, VmId vm) {
    return open(connection, vm, null, null);
  }

  /**
   * Opens the log of {@code run} where {@code start} says.
   *
   * @throws LogException if there is no such log, or it has another number of partitions
   * @throws LogTruncatedException if the log no longer holds that position, or does not reach it
   */
  public static EpochReader open(
      ClusterConnection connection, VmId vm, UUID run, LogPosition start) {
    Consumer<String, byte[]> consumer = new KafkaConsumer<>(KafkaSettings.reader(connection));
    try {
      int partitions = partitions(consumer, vm);
      LogPosition from = start == null ? LogPosition.genesis(partitions) : start;
      if (from.partitions() != partitions) {
        throw new LogException(
            "event topic has another number of partitions than the position: topic="
                + Topics.events(vm)
                + " partitions="
                + partitions
                + " position="
                + from.partitions());
      }
      EpochReader reader = new EpochReader(vm, consumer, run, from);
      reader.seek(from);
      return reader;
    } catch (RuntimeException e) {
      consumer.close();
      throw e instanceof KafkaException && !(e instanceof InterruptException)
          ? new LogException("cannot open the event log: vm=" + vm + ": " + e.getMessage(), e)
          : e;
    }
  }

  @Override
  public Epoch poll(Duration timeout) {
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    while (true) {
      Epoch epoch = verifyBuffered();
      if (epoch != null) {
        return epoch;
      }
      long leftNanos = deadlineNanos - System.nanoTime();
      boolean fetched = fetch(Duration.ofNanos(Math.max(0, leftNanos)));
      if (!fetched && leftNanos <= 0) {
        return null;
      }
    }
  }

  @Override
  public LogPosition position() {
    return verifier.position();
  }

  /** Has every record of the epochs that are still to come told to {@code newObserver}. */
  void observe(RecordObserver newObserver) {
    observer = newObserver;
  }

  /** The run, or null when none was given and no record was read yet. */
  public UUID run() {
    return verifier.run();
  }

  @Override
  public LogEnd end() {
    SortedMap<Integer, Long> ends = new TreeMap<>();
    consumer
        .endOffsets(partitions())
        .forEach((partition, end) -> ends.put(partition.partition(), end));
    return new LogEnd(ends);
  }

  @Override
  public boolean reached(LogEnd end) {
    boolean recordsBelowEnd = false;
    for (Lane lane : lanes) {
      long laneEnd = end.offsets().get(lane.partition.partition());
      if (consumer.position(lane.partition) < laneEnd) {
        return false;
      }
      ConsumerRecord<String, byte[]> first = lane.records.peek();
      recordsBelowEnd |= first != null && first.offset() < laneEnd;
    }
    Lane next = lanes.get(verifier.nextPartition());
    long incompleteFrom = verifier.incompleteFrom();
    recordsBelowEnd |=
        incompleteFrom >= 0 && incompleteFrom < end.offsets().get(next.partition.partition());
    if (recordsBelowEnd && next.records.isEmpty()) {
      refuseIfNoMoreWillCome(next);
    }
    return !recordsBelowEnd;
  }

  @Override
  public void close() {
    consumer.close();
  }

  /**
   * Records below the end wait for an epoch that was not fetched yet. It may still be above the
   * end, because the ends of two partitions are not read at one instant. But its transaction was
   * committed before theirs, so if its partition has nothing more now, it does not exist.
   */
  private void refuseIfNoMoreWillCome(Lane next) {
    long endNow = consumer.endOffsets(List.of(next.partition)).get(next.partition);
    if (consumer.position(next.partition) >= endNow) {
      throw verifier.incomplete(
          "epoch is missing or incomplete in partition " + next.partition.partition(),
          "a complete epoch below offset " + endNow,
          "end of the partition");
    }
  }

  private Epoch verifyBuffered() {
    while (true) {
      Lane lane = lanes.get(verifier.nextPartition());
      if (lane.records.isEmpty()) {
        return null;
      }
      ConsumerRecord<String, byte[]> record = lane.remove();
      Epoch epoch =
          verifier.accept(record.partition(), record.offset(), record.timestamp(), record.value());
      if (observer != null) {
        observer.accepted(
            new EvidenceRecord(
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.key(),
                record.value()));
      }
      if (epoch != null) {
        return epoch;
      }
    }
  }

  private boolean fetch(Duration timeout) {
    pauseFullLanes();
    try {
      boolean any = false;
      for (ConsumerRecord<String, byte[]> record : consumer.poll(timeout)) {
        lanes.get(record.partition()).add(record);
        any = true;
      }
      return any;
    } catch (OffsetOutOfRangeException e) {
      throw truncated(e);
    } catch (KafkaException e) {
      // Kafka says so of batches whose checksum is wrong, and has no type of its own for it. Its
      // advice to seek past them must not reach anybody.
      if (e.getClass() == KafkaException.class) {
        throw verifier.unreadable(e.getCause() == null ? e : e.getCause());
      }
      throw e;
    }
  }

  /** The broker does not say on which side of the log the offsets are. */
  private LogTruncatedException truncated(OffsetOutOfRangeException refused) {
    Map<TopicPartition, Long> wanted = refused.offsetOutOfRangePartitions();
    Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(wanted.keySet());
    boolean cutOff =
        wanted.entrySet().stream()
            .allMatch(offset -> offset.getValue() < beginnings.get(offset.getKey()));
    String what =
        cutOff
            ? "log no longer holds the records to be read next (deleted by retention or by"
                + " understudy log trim?); whoever is started again begins with a snapshot"
            : "log ends before the records that were read last (another or a lost topic?)";
    return new LogTruncatedException(
        what + ": vm=" + vm + " offsets=" + wanted + " firstOffsets=" + beginnings,
        cutOff,
        refused);
  }

  /** The lane whose turn it is never waits, whatever the others hold. */
  private void pauseFullLanes() {
    int turn = verifier.nextPartition();
    for (Lane lane : lanes) {
      boolean full = lane.partition.partition() != turn && lane.bufferedBytes >= MAX_BUFFERED_BYTES;
      if (full != lane.paused) {
        Collection<TopicPartition> one = List.of(lane.partition);
        if (full) {
          consumer.pause(one);
        } else {
          consumer.resume(one);
        }
        lane.paused = full;
      }
    }
  }

  private List<TopicPartition> partitions() {
    return lanes.stream().map(lane -> lane.partition).toList();
  }

  private static int partitions(Consumer<String, byte[]> consumer, VmId vm) {
    List<PartitionInfo> infos = consumer.partitionsFor(Topics.events(vm));
    if (infos == null || infos.isEmpty()) {
      throw new LogException("no event log: vm=" + vm + " topic=" + Topics.events(vm));
    }
    return infos.size();
  }

  private void seek(LogPosition from) {
    for (int partition : from.offsets().keySet()) {
      lanes.add(new Lane(new TopicPartition(Topics.events(vm), partition)));
    }
    consumer.assign(partitions());
    Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions());
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions());
    for (Lane lane : lanes) {
      long wanted = from.offsets().get(lane.partition.partition());
      long beginning = beginnings.get(lane.partition);
      long end = ends.get(lane.partition);
      if (wanted < beginning) {
        throw new LogTruncatedException(
            "log no longer holds the position to start from (deleted by retention or by understudy"
                + " log trim?): vm="
                + vm
                + " partition="
                + lane.partition.partition()
                + " wantedOffset="
                + wanted
                + " firstOffset="
                + beginning,
            true);
      }
      if (wanted > end) {
        throw new LogTruncatedException(
            "log ends before the position to start from (another or a lost topic?): vm="
                + vm
                + " partition="
                + lane.partition.partition()
                + " wantedOffset="
                + wanted
                + " endOffset="
                + end,
            false);
      }
      consumer.seek(lane.partition, wanted);
    }
  }
}
