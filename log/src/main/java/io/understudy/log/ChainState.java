package io.understudy.log;

import io.understudy.schemas.HashChain;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * How far a run's history is known: what the next epoch must continue. Immutable; the hash is
 * copied in and out and compared by content.
 *
 * @param nextEpoch number of the next epoch, from 0
 * @param nextSequence sequence of the next event, from 0
 * @param term term of the last epoch, 0 before the first
 * @param hash hash of the last epoch, 32 bytes, {@link HashChain#genesis()} before the first
 */
@SuppressWarnings("ArrayRecordComponent") // Copied in and out and compared by content, below.
public record ChainState(long nextEpoch, long nextSequence, long term, byte[] hash) {
  /** Refuses values outside the documented ranges with an {@link IllegalArgumentException}. */
  public ChainState {
    if (nextEpoch < 0 || nextSequence < nextEpoch || term < 0 || term > nextEpoch) {
      throw new IllegalArgumentException(
          "impossible chain state: nextEpoch="
              + nextEpoch
              + " nextSequence="
              + nextSequence
              + " term="
              + term);
    }
    if (hash.length != HashChain.HASH_BYTES) {
      throw new IllegalArgumentException("hash must be 32 bytes: length=" + hash.length);
    }
    hash = hash.clone();
  }

  /** The state before the first epoch of a run. */
  public static ChainState genesis() {
    return new ChainState(0, 0, 0, HashChain.genesis());
  }

  /** Number of the last epoch, -1 before the first. */
  public long lastEpoch() {
    return nextEpoch - 1;
  }

  @Override
  public byte[] hash() {
    return hash.clone();
  }

  /** The hash as people keep it: 64 hexadecimal digits, lower case. */
  public String hashHex() {
    return HexFormat.of().formatHex(hash);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChainState that
        && nextEpoch == that.nextEpoch
        && nextSequence == that.nextSequence
        && term == that.term
        && Arrays.equals(hash, that.hash);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash) * 31 + Long.hashCode(nextEpoch);
  }

  @Override
  public String toString() {
    return "ChainState[nextEpoch="
        + nextEpoch
        + " nextSequence="
        + nextSequence
        + " term="
        + term
        + " hash="
        + hashHex()
        + "]";
  }
}
