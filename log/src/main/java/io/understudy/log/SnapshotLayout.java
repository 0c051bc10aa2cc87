package io.understudy.log;

import io.understudy.schemas.Hashes;
import io.understudy.schemas.Topics;
import java.nio.ByteBuffer;
import java.security.MessageDigest;

/**
 * How snapshots lie in their topic: what tells about them in partition 0, where it is found
 * quickly; their pieces in turn over the others. Stateless.
 */
final class SnapshotLayout {
  /** Partitions of a snapshots topic. */
  static final int PARTITIONS = 4;

  /** The partition of all parts that are no pieces. */
  static final int DIRECTORY = 0;

  private SnapshotLayout() {}

  /** The partition of a piece. */
  static int partitionOf(int index, int partitions) {
    return 1 + Topics.partitionOf(index, partitions - 1);
  }

  /** SHA-256 over pieces, each as length (4 bytes, big-endian) and wire bytes. */
  static final class PiecesHash {
    private final MessageDigest digest = Hashes.sha256();

    void add(byte[] wire) {
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, wire.length));
      digest.update(wire);
    }

    /** Of the pieces so far; more may follow. */
    byte[] value() {
      try {
        return ((MessageDigest) digest.clone()).digest();
      } catch (CloneNotSupportedException impossible) {
        throw new IllegalStateException("SHA-256 of this platform cannot be copied", impossible);
      }
    }
  }
}
