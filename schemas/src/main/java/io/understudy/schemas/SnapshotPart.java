package io.understudy.schemas;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A part of a snapshot that a primary takes of its running machine. Immutable; field by field as
 * {@code Snapshot.avsc} documents them.
 */
public sealed interface SnapshotPart {
  /** Most bytes of pages, or of state, in one piece. */
  int MAX_PIECE_BYTES = 512 << 10;

  /**
   * Name of the type in {@code Snapshot.avsc}, which also stands in the record header {@code type}.
   */
  default String typeName() {
    return "Snapshot" + getClass().getSimpleName();
  }

  /** Whether this is a piece of the content; all others are in the topic's partition 0. */
  default boolean isPiece() {
    return false;
  }

  /** A leader has begun to take the snapshot. */
  record Started(String node, long sinceEpoch, int firstPages, int pageSize, long startedAtMillis)
      implements SnapshotPart {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public Started {
      Checks.notBlank("node", node);
      Checks.atLeast(-1, "sinceEpoch", sinceEpoch);
      Checks.atLeast(0, "firstPages", firstPages);
      Checks.atLeast(1, "pageSize", pageSize);
    }
  }

  /**
   * Contents of pages.
   *
   * @param index number of the piece, from 0
   * @param pages page numbers; not copied
   * @param contents their contents; not copied
   */
  @SuppressWarnings("ArrayRecordComponent") // Equality by content; copies would cost what matters.
  record Chunk(int index, int[] pages, byte[] contents) implements SnapshotPart {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public Chunk {
      Checks.atLeast(0, "index", index);
      requirePieceSize(contents.length);
      if (pages.length == 0 || contents.length == 0 || contents.length % pages.length != 0) {
        throw new IllegalArgumentException(
            "a chunk holds whole pages: pages="
                + pages.length
                + " contentBytes="
                + contents.length);
      }
      for (int page : pages) {
        Checks.atLeast(0, "page", page);
      }
    }

    @Override
    public boolean isPiece() {
      return true;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Chunk that
          && index == that.index
          && Arrays.equals(pages, that.pages)
          && Arrays.equals(contents, that.contents);
    }

    @Override
    public int hashCode() {
      return Objects.hash(index, Arrays.hashCode(pages), Arrays.hashCode(contents));
    }

    @Override
    public String toString() {
      return "Chunk[index=" + index + ", pages=" + pages.length + "]";
    }
  }

  /**
   * A piece of the encoded machine but for its pages.
   *
   * @param index number of the piece, from 0
   * @param bytes the piece; not copied
   */
  @SuppressWarnings("ArrayRecordComponent") // As above.
  record State(int index, byte[] bytes) implements SnapshotPart {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public State {
      Checks.atLeast(0, "index", index);
      requirePieceSize(bytes.length);
    }

    @Override
    public boolean isPiece() {
      return true;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof State that && index == that.index && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Objects.hash(index, Arrays.hashCode(bytes));
    }

    @Override
    public String toString() {
      return "State[index=" + index + ", bytes=" + bytes.length + "]";
    }
  }

  /** The snapshot is complete and its epoch is in the log. */
  @SuppressWarnings("ArrayRecordComponent") // Copied in and out, equality by content.
  record Completed(
      String node,
      byte[] header,
      long sinceEpoch,
      long epoch,
      long position,
      long nextSequence,
      byte[] hash,
      List<Long> offsets,
      long registersDigest,
      long devicesDigest,
      long memoryDigest,
      int pageCount,
      int pageSize,
      int pieces,
      byte[] piecesHash,
      List<Long> firstOffsets,
      List<Long> endOffsets,
      long pages,
      long bytes,
      int rounds,
      long pauseMicros,
      long startedAtMillis,
      long completedAtMillis)
      implements SnapshotPart {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public Completed {
      Checks.notBlank("node", node);
      if (header.length == 0) {
        throw new IllegalArgumentException("header must not be empty");
      }
      header = header.clone();
      Checks.atLeast(-1, "sinceEpoch", sinceEpoch);
      Checks.atLeast(sinceEpoch + 1, "epoch", epoch);
      Checks.atLeast(0, "position", position);
      Checks.atLeast(epoch + 1, "nextSequence", nextSequence);
      hash = Checks.sha256("hash", hash);
      offsets = notNegative("offsets", offsets);
      Checks.atLeast(1, "pageCount", pageCount);
      Checks.atLeast(1, "pageSize", pageSize);
      Checks.atLeast(1, "pieces", pieces);
      piecesHash = Checks.sha256("piecesHash", piecesHash);
      firstOffsets = notNegative("firstOffsets", firstOffsets);
      endOffsets = notNegative("endOffsets", endOffsets);
      if (firstOffsets.size() != endOffsets.size() || firstOffsets.size() < 2) {
        throw new IllegalArgumentException(
            "offsets must be of two or more partitions, the same: firstOffsets="
                + firstOffsets
                + " endOffsets="
                + endOffsets);
      }
      Checks.atLeast(1, "rounds", rounds);
    }

    /** Whether it needs no checkpoint below it. */
    public boolean isComplete() {
      return sinceEpoch < 0;
    }

    @Override
    public byte[] header() {
      return header.clone();
    }

    @Override
    public byte[] hash() {
      return hash.clone();
    }

    @Override
    public byte[] piecesHash() {
      return piecesHash.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Completed that
          && Arrays.equals(header, that.header)
          && Arrays.equals(hash, that.hash)
          && Arrays.equals(piecesHash, that.piecesHash)
          && numbers().equals(that.numbers());
    }

    @Override
    public int hashCode() {
      return Objects.hash(epoch, Arrays.hashCode(piecesHash));
    }

    private List<Object> numbers() {
      return List.of(
          node,
          sinceEpoch,
          epoch,
          position,
          nextSequence,
          offsets,
          registersDigest,
          devicesDigest,
          memoryDigest,
          pageCount,
          pageSize,
          pieces,
          firstOffsets,
          endOffsets,
          pages,
          bytes,
          rounds,
          pauseMicros,
          startedAtMillis,
          completedAtMillis);
    }
  }

  /** Somebody has restored the snapshot and found all digests equal. */
  record Verified(String node, long epoch, long verifiedAtMillis) implements SnapshotPart {
    /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
    public Verified {
      Checks.notBlank("node", node);
      Checks.atLeast(0, "epoch", epoch);
    }
  }

  private static void requirePieceSize(int bytes) {
    if (bytes > MAX_PIECE_BYTES) {
      throw new IllegalArgumentException(
          "a piece has at most " + MAX_PIECE_BYTES + " bytes: bytes=" + bytes);
    }
  }

  private static List<Long> notNegative(String name, List<Long> offsets) {
    offsets.forEach(offset -> Checks.atLeast(0, name, offset));
    if (offsets.isEmpty()) {
      throw new IllegalArgumentException(name + " must not be empty");
    }
    return List.copyOf(offsets);
  }
}
