package io.understudy.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.understudy.schemas.SchemaException;
import io.understudy.schemas.SnapshotCodec;
import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.SnapshotRecord;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots of a VM: what the topic's partition 0 says of them, when opened and from then on.
 *
 * <p>Owned by one thread.
 */
public final class SnapshotDirectory implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotDirectory.class);
  private static final Duration OPENING_POLL = Duration.ofMillis(100);
  private static final Duration PUBLISH_TIMEOUT = Duration.ofSeconds(10);

  private final ClusterConnection connection;
  private final VmId vm;
  private final TopicPartition partition;
  private final Consumer<String, byte[]> consumer;
  private final Map<UUID, SnapshotRecord> completed = new LinkedHashMap<>();
  private final Map<UUID, SnapshotPart.Started> started = new HashMap<>();
  private final Set<UUID> verified = new HashSet<>();

  private SnapshotDirectory(ClusterConnection connection, VmId vm) {
    this.connection = connection;
    this.vm = vm;
    this.partition = new TopicPartition(Topics.snapshots(vm), SnapshotLayout.DIRECTORY);
    this.consumer = new KafkaConsumer<>(KafkaSettings.reader(connection));
  }

  /**
   * Reads what is there now.
   *
   * @throws LogException if the VM has no snapshots topic, or it cannot be read in time
   */
  public static SnapshotDirectory open(ClusterConnection connection, VmId vm, Duration timeout) {
    SnapshotDirectory directory = new SnapshotDirectory(connection, vm);
    try {
      directory.readContent(timeout);
      return directory;
    } catch (KafkaException e) {
      directory.close();
      throw new LogException(
          "cannot read the snapshots of a VM: vm="
              + vm
              + " topic="
              + directory.partition.topic()
              + ": "
              + e.getMessage(),
          e);
    } catch (RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /**
   * All that are there now, in the order in which they were completed; none if the VM has no topic
   * for them.
   *
   * @throws LogException if it cannot be read in time
   */
  public static List<StoredSnapshot> readAll(
      ClusterConnection connection, VmId vm, Duration timeout) {
    try (Consumer<String, byte[]> consumer =
        new KafkaConsumer<>(KafkaSettings.reader(connection))) {
      List<PartitionInfo> partitions = consumer.partitionsFor(Topics.snapshots(vm), timeout);
      if (partitions == null || partitions.isEmpty()) {
        return List.of();
      }
    } catch (KafkaException e) {
      throw new LogException(
          "cannot see whether a VM has snapshots: vm=" + vm + ": " + e.getMessage(), e);
    }
    try (SnapshotDirectory directory = open(connection, vm, timeout)) {
      return directory.all();
    }
  }

  private void readContent(Duration timeout) {
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    List<TopicPartition> one = List.of(partition);
    consumer.assign(one);
    long end = consumer.endOffsets(one, timeout).get(partition);
    consumer.seek(partition, consumer.beginningOffsets(one, timeout).get(partition));
    while (consumer.position(partition, timeout) < end) {
      if (System.nanoTime() - deadlineNanos >= 0) {
        throw new LogException(
            "cannot read the snapshots of a VM in time: vm=" + vm + " timeout=" + timeout);
      }
      poll(OPENING_POLL);
    }
  }

  /** Reads what is new, waiting up to {@code timeout} for the first of it. */
  public void poll(Duration timeout) {
    try {
      consumer.poll(timeout).forEach(this::accept);
    } catch (OffsetOutOfRangeException deleted) {
      // What was deleted is of no use to anybody; what is left begins later.
      consumer.seekToBeginning(List.of(partition));
    }
  }

  private void accept(ConsumerRecord<String, byte[]> record) {
    SnapshotRecord read;
    try {
      read = SnapshotCodec.decode(record.value() == null ? new byte[0] : record.value());
    } catch (SchemaException e) {
      LOG.warn(
          "left out an unreadable record: {}@{}: {}", partition, record.offset(), e.getMessage());
      return;
    }
    if (!read.vm().equals(vm.text())) {
      LOG.warn("left out a record of another vm: {}@{}: {}", partition, record.offset(), read.vm());
    } else if (read.part() instanceof SnapshotPart.Completed) {
      completed.put(read.snapshotId(), read);
    } else if (read.part() instanceof SnapshotPart.Verified) {
      verified.add(read.snapshotId());
    } else if (read.part() instanceof SnapshotPart.Started begun) {
      started.put(read.snapshotId(), begun);
    }
  }

  /** The snapshots of a run, in the order in which they were completed. */
  public List<StoredSnapshot> of(UUID run) {
    return all().stream().filter(snapshot -> snapshot.run().equals(run)).toList();
  }

  /** All snapshots, in the order in which they were completed. */
  public List<StoredSnapshot> all() {
    List<StoredSnapshot> all = new ArrayList<>();
    completed
        .values()
        .forEach(
            record ->
                all.add(
                    new StoredSnapshot(
                        vm,
                        record.run(),
                        record.term(),
                        record.snapshotId(),
                        (SnapshotPart.Completed) record.part(),
                        verified.contains(record.snapshotId()))));
    return all;
  }

  /** The newest snapshot of a run that needs no checkpoint below it. */
  public Optional<StoredSnapshot> newestComplete(UUID run) {
    return of(run).stream()
        .filter(snapshot -> snapshot.manifest().isComplete())
        .reduce(
            (before, next) -> next.manifest().epoch() >= before.manifest().epoch() ? next : before);
  }

  /** The snapshot of this identity, once it is complete. */
  public Optional<StoredSnapshot> find(UUID id) {
    return all().stream().filter(snapshot -> snapshot.id().equals(id)).findFirst();
  }

  /** What a leader said when it began with a snapshot; empty if none has begun. */
  public Optional<SnapshotPart.Started> started(UUID id) {
    return Optional.ofNullable(started.get(id));
  }

  /** Pieces, of whatever snapshot, that were ever written to the topic; for showing progress. */
  public long piecesEverWritten() {
    List<TopicPartition> pieces = new ArrayList<>();
    for (int number = 1; number < SnapshotLayout.PARTITIONS; number++) {
      pieces.add(new TopicPartition(partition.topic(), number));
    }
    return consumer.endOffsets(pieces).values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Says that {@code snapshot} was restored and its digests were equal; returns when it is said.
   */
  public void publishVerified(StoredSnapshot snapshot, String node) {
    SnapshotRecord record =
        new SnapshotRecord(
            vm.text(),
            snapshot.run(),
            snapshot.term(),
            snapshot.id(),
            new SnapshotPart.Verified(
                node, snapshot.manifest().epoch(), System.currentTimeMillis()));
    try (Producer<String, byte[]> producer =
        new KafkaProducer<>(
            KafkaSettings.publisher(connection, PUBLISH_TIMEOUT, PUBLISH_TIMEOUT))) {
      producer
          .send(
              new ProducerRecord<>(
                  partition.topic(),
                  partition.partition(),
                  null,
                  StoredSnapshot.key(snapshot.id(), snapshot.term()),
                  SnapshotCodec.encode(record),
                  Collections.singleton(
                      new RecordHeader(
                          Topics.HEADER_TYPE, record.part().typeName().getBytes(UTF_8)))))
          .get();
    } catch (ExecutionException e) {
      throw new LogException(
          "not published: topic=" + partition.topic() + ": " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LogException("interrupted: topic=" + partition.topic(), e);
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
