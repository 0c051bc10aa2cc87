package io.understudy.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.understudy.schemas.SnapshotCodec;
import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.SnapshotRecord;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * Snapshots in Kafka. Not in transactions: a reader believes nothing but a manifest, and that is
 * written when everything else is acknowledged. A primary that was fenced can still write pieces,
 * and even a manifest of an epoch that it committed; both are as true as the log.
 *
 * <p>Owned by one thread; acknowledgements come on the producer's.
 */
public final class KafkaSnapshotWriter implements SnapshotSink {
  private static final Duration DELIVERY = Duration.ofSeconds(60);
  private static final long NONE = -1;

  private final Producer<String, byte[]> producer;
  private final VmId vm;
  private final UUID run;
  private final long term;
  private final String topic;
  private Progress now;

  /** One snapshot; fields without a lock belong to the owner. */
  private static final class Progress {
    private final UUID id;
    private final SnapshotLayout.PiecesHash hash = new SnapshotLayout.PiecesHash();
    private final long[] first = new long[SnapshotLayout.PARTITIONS];
    private final long[] end = new long[SnapshotLayout.PARTITIONS];
    private int pieces;
    private long bytes;
    private volatile Exception failed;

    private Progress(UUID id) {
      this.id = id;
      Arrays.fill(first, NONE);
    }

    private synchronized void acknowledged(RecordMetadata record, Exception failure) {
      if (failure != null) {
        failed = failure;
        return;
      }
      int partition = record.partition();
      if (first[partition] == NONE) {
        first[partition] = record.offset();
      }
      // The directory's records are no pieces, and so not within the ranges.
      end[partition] =
          partition == SnapshotLayout.DIRECTORY ? first[partition] : record.offset() + 1;
    }

    private synchronized Pieces result() {
      List<Long> from = new ArrayList<>();
      List<Long> to = new ArrayList<>();
      for (int partition = 0; partition < first.length; partition++) {
        from.add(first[partition] == NONE ? 0 : first[partition]);
        to.add(first[partition] == NONE ? 0 : end[partition]);
      }
      return new Pieces(pieces, hash.value(), from, to, bytes);
    }
  }

  private KafkaSnapshotWriter(Producer<String, byte[]> producer, VmId vm, UUID run, long term) {
    this.producer = producer;
    this.vm = vm;
    this.run = run;
    this.term = term;
    this.topic = Topics.snapshots(vm);
  }

  /** Writes snapshots of the leadership {@code term}; the topic must be there. */
  public static KafkaSnapshotWriter open(
      ClusterConnection connection, VmId vm, UUID run, long term) {
    return new KafkaSnapshotWriter(
        new KafkaProducer<>(KafkaSettings.snapshotWriter(connection, DELIVERY)), vm, run, term);
  }

  @Override
  public void begin(UUID snapshotId, SnapshotPart.Started started) {
    now = new Progress(snapshotId);
    sendAndWait(started);
  }

  @Override
  public void pages(int[] pages, byte[] contents) {
    piece(new SnapshotPart.Chunk(now.pieces, pages, contents));
  }

  @Override
  public void state(byte[] bytes) {
    int done = 0;
    do {
      int part = Math.min(SnapshotPart.MAX_PIECE_BYTES, bytes.length - done);
      piece(new SnapshotPart.State(now.pieces, Arrays.copyOfRange(bytes, done, done + part)));
      done += part;
    } while (done < bytes.length);
  }

  private void piece(SnapshotPart part) {
    requireNotFailed();
    byte[] wire = encode(part);
    now.hash.add(wire);
    now.bytes += wire.length;
    int partition = SnapshotLayout.partitionOf(now.pieces, SnapshotLayout.PARTITIONS);
    now.pieces++;
    try {
      // The result is not awaited here: flush finds what failed.
      var unused = producer.send(record(partition, part, wire), now::acknowledged);
    } catch (KafkaException e) {
      throw failed(e);
    }
  }

  @Override
  public Pieces flush() {
    try {
      producer.flush();
    } catch (KafkaException e) {
      throw failed(e);
    }
    requireNotFailed();
    return now.result();
  }

  @Override
  public void complete(SnapshotPart.Completed manifest) {
    sendAndWait(manifest);
    now = null;
  }

  private void sendAndWait(SnapshotPart part) {
    byte[] wire = encode(part);
    try {
      producer.send(record(SnapshotLayout.DIRECTORY, part, wire), now::acknowledged).get();
    } catch (ExecutionException e) {
      throw failed(e.getCause());
    } catch (KafkaException e) {
      throw failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(e);
    }
  }

  private byte[] encode(SnapshotPart part) {
    return SnapshotCodec.encode(new SnapshotRecord(vm.text(), run, term, now.id, part));
  }

  private ProducerRecord<String, byte[]> record(int partition, SnapshotPart part, byte[] wire) {
    Header type = new RecordHeader(Topics.HEADER_TYPE, part.typeName().getBytes(UTF_8));
    return new ProducerRecord<>(
        topic,
        partition,
        null,
        StoredSnapshot.key(now.id, term),
        wire,
        Collections.singleton(type));
  }

  private void requireNotFailed() {
    if (now.failed != null) {
      throw failed(now.failed);
    }
  }

  private LogException failed(Throwable cause) {
    return new LogException(
        "snapshot was not written: vm="
            + vm
            + " run="
            + run
            + " snapshot="
            + now.id
            + " topic="
            + topic
            + ": "
            + cause,
        cause);
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }
}
