package io.understudy.log;

import io.understudy.schemas.SnapshotPart;
import java.util.List;
import java.util.UUID;

/**
 * Port: where a primary puts the snapshots of its running machine, one after the other. What was
 * begun and not completed is no snapshot for anybody.
 *
 * <p>Owned by one thread. Every method throws {@link LogException} when the cluster does not take
 * what it is given; a new snapshot may be begun then.
 */
public interface SnapshotSink extends AutoCloseable {
  /**
   * All pieces of a snapshot, as they are in the topic.
   *
   * @param pieces how many, numbered from 0
   * @param hash SHA-256 over their wire bytes, as the manifest has it
   * @param firstOffsets by partition of the topic, at or before the first record of the snapshot
   * @param endOffsets by partition of the topic, behind the last piece
   * @param bytes of all their values
   */
  @SuppressWarnings("ArrayRecordComponent") // A carrier from here to the manifest.
  record Pieces(
      int pieces, byte[] hash, List<Long> firstOffsets, List<Long> endOffsets, long bytes) {}

  /** Begins a snapshot; one that was begun before and not completed is given up. */
  void begin(UUID snapshotId, SnapshotPart.Started started);

  /**
   * Appends pages of the snapshot. May return before they are in the topic; blocks while too much
   * is under way.
   *
   * @param pages their numbers
   * @param contents their contents, in the same order; at most {@link
   *     SnapshotPart#MAX_PIECE_BYTES}. Neither array may be changed afterwards
   */
  void pages(int[] pages, byte[] contents);

  /** Appends the machine but for its pages, in as many pieces as it takes. */
  void state(byte[] bytes);

  /** Waits until all pieces are in the topic. */
  Pieces flush();

  /** Makes the snapshot one: returns when the manifest is in the topic. */
  void complete(SnapshotPart.Completed manifest);

  @Override
  void close();
}
