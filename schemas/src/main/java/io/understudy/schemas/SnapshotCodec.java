package io.understudy.schemas;

import io.understudy.schemas.avro.Snapshot;
import io.understudy.schemas.avro.SnapshotChunk;
import io.understudy.schemas.avro.SnapshotCompleted;
import io.understudy.schemas.avro.SnapshotStarted;
import io.understudy.schemas.avro.SnapshotState;
import io.understudy.schemas.avro.SnapshotVerified;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Wire format of {@link SnapshotRecord}: schema {@code Snapshot.avsc}, single-object encoded.
 *
 * <p>Stateless and thread-safe. Decoding throws {@link SchemaException} and nothing else on any
 * bytes.
 */
public final class SnapshotCodec {
  private static final AvroCodec<Snapshot> CODEC = new AvroCodec<>(Snapshot.getClassSchema());

  private SnapshotCodec() {}

  /** The value of a Kafka record. */
  public static byte[] encode(SnapshotRecord record) {
    return CODEC.encode(
        new Snapshot(
            record.vm(), record.run(), record.term(), record.snapshotId(), toAvro(record.part())));
  }

  /** The record that {@code wire} holds, or a {@link SchemaException}. */
  public static SnapshotRecord decode(byte[] wire) {
    Snapshot record = CODEC.decode(wire);
    return CODEC.map(
        () ->
            new SnapshotRecord(
                record.getVm(),
                record.getRun(),
                record.getTerm(),
                record.getSnapshotId(),
                fromAvro(record.getPayload())));
  }

  private static Object toAvro(SnapshotPart part) {
    if (part instanceof SnapshotPart.Started started) {
      return new SnapshotStarted(
          started.node(),
          started.sinceEpoch(),
          started.firstPages(),
          started.pageSize(),
          started.startedAtMillis());
    }
    if (part instanceof SnapshotPart.Chunk chunk) {
      return new SnapshotChunk(
          chunk.index(),
          Arrays.stream(chunk.pages()).boxed().toList(),
          ByteBuffer.wrap(chunk.contents()));
    }
    if (part instanceof SnapshotPart.State state) {
      return new SnapshotState(state.index(), ByteBuffer.wrap(state.bytes()));
    }
    if (part instanceof SnapshotPart.Verified verified) {
      return new SnapshotVerified(verified.node(), verified.epoch(), verified.verifiedAtMillis());
    }
    SnapshotPart.Completed completed = (SnapshotPart.Completed) part;
    return new SnapshotCompleted(
        completed.node(),
        ByteBuffer.wrap(completed.header()),
        completed.sinceEpoch(),
        completed.epoch(),
        completed.position(),
        completed.nextSequence(),
        ByteBuffer.wrap(completed.hash()),
        completed.offsets(),
        completed.registersDigest(),
        completed.devicesDigest(),
        completed.memoryDigest(),
        completed.pageCount(),
        completed.pageSize(),
        completed.pieces(),
        ByteBuffer.wrap(completed.piecesHash()),
        completed.firstOffsets(),
        completed.endOffsets(),
        completed.pages(),
        completed.bytes(),
        completed.rounds(),
        completed.pauseMicros(),
        completed.startedAtMillis(),
        completed.completedAtMillis());
  }

  private static SnapshotPart fromAvro(Object payload) {
    if (payload instanceof SnapshotStarted started) {
      return new SnapshotPart.Started(
          started.getNode(),
          started.getSinceEpoch(),
          started.getFirstPages(),
          started.getPageSize(),
          started.getStartedAtMillis());
    }
    if (payload instanceof SnapshotChunk chunk) {
      return new SnapshotPart.Chunk(
          chunk.getIndex(),
          chunk.getPages().stream().mapToInt(Integer::intValue).toArray(),
          bytes(chunk.getContents()));
    }
    if (payload instanceof SnapshotState state) {
      return new SnapshotPart.State(state.getIndex(), bytes(state.getBytes()));
    }
    if (payload instanceof SnapshotVerified verified) {
      return new SnapshotPart.Verified(
          verified.getNode(), verified.getEpoch(), verified.getVerifiedAtMillis());
    }
    if (payload instanceof SnapshotCompleted completed) {
      return completed(completed);
    }
    throw new IllegalStateException("no mapping for payload: " + payload);
  }

  private static SnapshotPart completed(SnapshotCompleted completed) {
    return new SnapshotPart.Completed(
        completed.getNode(),
        bytes(completed.getHeader()),
        completed.getSinceEpoch(),
        completed.getEpoch(),
        completed.getPosition(),
        completed.getNextSequence(),
        bytes(completed.getHash()),
        List.copyOf(completed.getOffsets()),
        completed.getRegistersDigest(),
        completed.getDevicesDigest(),
        completed.getMemoryDigest(),
        completed.getPageCount(),
        completed.getPageSize(),
        completed.getPieces(),
        bytes(completed.getPiecesHash()),
        List.copyOf(completed.getFirstOffsets()),
        List.copyOf(completed.getEndOffsets()),
        completed.getPages(),
        completed.getBytes(),
        completed.getRounds(),
        completed.getPauseMicros(),
        completed.getStartedAtMillis(),
        completed.getCompletedAtMillis());
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return copy;
  }
}
