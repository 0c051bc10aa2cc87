package io.understudy.log;

import io.understudy.schemas.SnapshotPart;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** Snapshots in memory: what was completed, and what was begun and not completed. */
public final class InMemorySnapshotSink implements SnapshotSink {
  /** A completed snapshot: each page as it was sent last. */
  public record Taken(
      UUID id, SnapshotPart.Completed manifest, SortedMap<Integer, byte[]> pages, byte[] state) {}

  private final List<Taken> taken = new ArrayList<>();
  private UUID id;
  private SortedMap<Integer, byte[]> pages = new TreeMap<>();
  private ByteArrayOutputStream state = new ByteArrayOutputStream();
  private int pieces;
  private int failAtPiece = Integer.MAX_VALUE;

  /** Makes the snapshot that is being taken, or the next one, fail at this piece. */
  public synchronized void failAtPiece(int index) {
    failAtPiece = index;
  }

  /** All that are complete. */
  public synchronized List<Taken> taken() {
    return List.copyOf(taken);
  }

  @Override
  public synchronized void begin(UUID snapshotId, SnapshotPart.Started started) {
    id = snapshotId;
    pages = new TreeMap<>();
    state = new ByteArrayOutputStream();
    pieces = 0;
  }

  @Override
  public synchronized void pages(int[] numbers, byte[] contents) {
    int size = contents.length / numbers.length;
    for (int at = 0; at < numbers.length; at++) {
      pages.put(numbers[at], Arrays.copyOfRange(contents, at * size, (at + 1) * size));
    }
    piece();
  }

  @Override
  public synchronized void state(byte[] bytes) {
    state.writeBytes(bytes);
    piece();
  }

  private void piece() {
    if (pieces == failAtPiece) {
      failAtPiece = Integer.MAX_VALUE;
      throw new LogException("told to fail: piece=" + pieces);
    }
    pieces++;
  }

  @Override
  public synchronized Pieces flush() {
    return new Pieces(pieces, new byte[32], List.of(0L, 0L), List.of(0L, (long) pieces), 0);
  }

  @Override
  public synchronized void complete(SnapshotPart.Completed manifest) {
    taken.add(new Taken(id, manifest, pages, state.toByteArray()));
  }

  @Override
  public void close() {}
}
