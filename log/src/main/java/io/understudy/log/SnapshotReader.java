package io.understudy.log;

import io.understudy.schemas.SchemaException;
import io.understudy.schemas.SnapshotCodec;
import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.SnapshotRecord;
import io.understudy.schemas.Topics;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Reads one snapshot: all its pieces, in their order, and nothing else that lies between them.
 *
 * <p>Memory is bounded as that of {@link EpochReader} is. Used by one thread, for one snapshot.
 */
public final class SnapshotReader {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final long MAX_BUFFERED_BYTES = 4L << 20;

  /** Takes the pages of a snapshot; a page that comes again replaces what came before. */
  public interface PageSink {
    /** Takes one; {@code content} is the sink's. */
    void page(int number, byte[] content);
  }

  private final StoredSnapshot snapshot;
  private final SnapshotPart.Completed manifest;
  private final Consumer<String, byte[]> consumer;
  private final Duration patience;
  private final SortedMap<Integer, Lane> lanes = new TreeMap<>();

  /** A partition and what was fetched from it but not yet taken. */
  private static final class Lane {
    private final TopicPartition partition;
    private final long end;
    private final ArrayDeque<byte[]> pieces = new ArrayDeque<>();
    private long bytes;
    private boolean paused;

    private Lane(TopicPartition partition, long end) {
      this.partition = partition;
      this.end = end;
    }
  }

  private SnapshotReader(
      StoredSnapshot snapshot, Consumer<String, byte[]> consumer, Duration patience) {
    this.snapshot = snapshot;
    this.manifest = snapshot.manifest();
    this.consumer = consumer;
    this.patience = patience;
  }

  /**
   * Hands over all pages. The result is good only when this returns: drop it when it throws.
   *
   * @param patience how long the cluster may give nothing
   * @return the encoded machine but for its pages
   * @throws SnapshotDamagedException if the snapshot is not what its manifest says
   * @throws LogException if it cannot be read
   */
  public static byte[] read(
      ClusterConnection connection, StoredSnapshot snapshot, Duration patience, PageSink pages) {
    try (Consumer<String, byte[]> consumer =
        new KafkaConsumer<>(KafkaSettings.reader(connection))) {
      return new SnapshotReader(snapshot, consumer, patience).read(pages);
    } catch (OffsetOutOfRangeException e) {
      throw new SnapshotDamagedException(
          "snapshot was deleted while it was read: " + name(snapshot), e);
    } catch (KafkaException e) {
      throw new LogException(
          "cannot read a snapshot: " + name(snapshot) + ": " + e.getMessage(), e);
    }
  }

  private byte[] read(PageSink pages) {
    open();
    SnapshotLayout.PiecesHash hash = new SnapshotLayout.PiecesHash();
    ByteArrayOutputStream state = new ByteArrayOutputStream();
    for (int index = 0; index < manifest.pieces(); index++) {
      byte[] wire = next(index);
      hash.add(wire);
      SnapshotPart part = decode(wire, index).part();
      if (part instanceof SnapshotPart.Chunk chunk) {
        requireIndex(index, chunk.index());
        handOver(chunk, pages);
      } else if (part instanceof SnapshotPart.State piece) {
        requireIndex(index, piece.index());
        state.writeBytes(piece.bytes());
      } else {
        throw damaged("piece " + index, "pages or state", part.getClass().getSimpleName());
      }
    }
    byte[] actual = hash.value();
    if (!Arrays.equals(actual, manifest.piecesHash())) {
      HexFormat hex = HexFormat.of();
      throw damaged(
          "hash of the pieces", hex.formatHex(manifest.piecesHash()), hex.formatHex(actual));
    }
    return state.toByteArray();
  }

  private void handOver(SnapshotPart.Chunk chunk, PageSink pages) {
    int size = manifest.pageSize();
    if (chunk.contents().length != chunk.pages().length * size) {
      throw damaged(
          "page size of piece " + chunk.index(),
          size,
          chunk.contents().length / chunk.pages().length);
    }
    for (int at = 0; at < chunk.pages().length; at++) {
      int number = chunk.pages()[at];
      if (number >= manifest.pageCount()) {
        throw damaged("page number in piece " + chunk.index(), manifest.pageCount(), number);
      }
      pages.page(number, Arrays.copyOfRange(chunk.contents(), at * size, (at + 1) * size));
    }
  }

  private void open() {
    int partitions = manifest.firstOffsets().size();
    for (int number = 1; number < partitions; number++) {
      if (manifest.endOffsets().get(number) > manifest.firstOffsets().get(number)) {
        lanes.put(
            number,
            new Lane(
                new TopicPartition(Topics.snapshots(snapshot.vm()), number),
                manifest.endOffsets().get(number)));
      }
    }
    List<TopicPartition> assigned = lanes.values().stream().map(lane -> lane.partition).toList();
    consumer.assign(assigned);
    consumer
        .beginningOffsets(assigned)
        .forEach(
            (partition, beginning) -> {
              long wanted = manifest.firstOffsets().get(partition.partition());
              if (wanted < beginning) {
                throw damaged(
                    "first offset in partition " + partition.partition() + " (deleted?)",
                    wanted,
                    beginning);
              }
              consumer.seek(partition, wanted);
            });
  }

  private byte[] next(int index) {
    int number = SnapshotLayout.partitionOf(index, manifest.firstOffsets().size());
    Lane lane = lanes.get(number);
    if (lane == null) {
      throw damaged("piece " + index, "a record in partition " + number, "none");
    }
    long deadlineNanos = System.nanoTime() + patience.toNanos();
    while (lane.pieces.isEmpty()) {
      if (consumer.position(lane.partition) >= lane.end) {
        throw damaged(
            "piece " + index,
            "a record in partition " + number + " below offset " + lane.end,
            "none");
      }
      if (fetch(lane)) {
        deadlineNanos = System.nanoTime() + patience.toNanos();
      } else if (System.nanoTime() - deadlineNanos >= 0) {
        throw new LogException(
            "the cluster gives nothing of a snapshot: "
                + name(snapshot)
                + " piece="
                + index
                + " of="
                + manifest.pieces()
                + " patience="
                + patience);
      }
    }
    byte[] wire = lane.pieces.remove();
    lane.bytes -= wire.length;
    return wire;
  }

  private boolean fetch(Lane turn) {
    for (Lane lane : lanes.values()) {
      boolean full = lane != turn && lane.bytes >= MAX_BUFFERED_BYTES;
      if (full != lane.paused) {
        if (full) {
          consumer.pause(List.of(lane.partition));
        } else {
          consumer.resume(List.of(lane.partition));
        }
        lane.paused = full;
      }
    }
    boolean any = false;
    String key = StoredSnapshot.key(snapshot.id(), snapshot.term());
    for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
      any = true;
      Lane lane = lanes.get(record.partition());
      // Pieces of others lie between: of a snapshot that was given up, or of a fenced primary.
      if (record.offset() < lane.end && key.equals(record.key()) && record.value() != null) {
        lane.pieces.add(record.value());
        lane.bytes += record.value().length;
      }
    }
    return any;
  }

  private SnapshotRecord decode(byte[] wire, int index) {
    SnapshotRecord record;
    try {
      record = SnapshotCodec.decode(wire);
    } catch (SchemaException e) {
      throw new SnapshotDamagedException(
          "snapshot has an unreadable piece: " + name(snapshot) + " piece=" + index, e);
    }
    if (!record.run().equals(snapshot.run()) || !record.vm().equals(snapshot.vm().text())) {
      throw damaged(
          "owner of piece " + index,
          snapshot.vm() + "/" + snapshot.run(),
          record.vm() + "/" + record.run());
    }
    return record;
  }

  private void requireIndex(int expected, int actual) {
    if (expected != actual) {
      throw damaged("number of a piece", expected, actual);
    }
  }

  private SnapshotDamagedException damaged(String what, Object expected, Object actual) {
    return new SnapshotDamagedException(
        "snapshot is damaged: "
            + name(snapshot)
            + ": "
            + what
            + " expected="
            + expected
            + " actual="
            + actual
            + "; take another one with: understudy snapshot --vm "
            + snapshot.vm());
  }

  private static String name(StoredSnapshot snapshot) {
    return "vm="
        + snapshot.vm()
        + " run="
        + snapshot.run()
        + " snapshot="
        + snapshot.id()
        + " epoch="
        + snapshot.manifest().epoch();
  }
}
