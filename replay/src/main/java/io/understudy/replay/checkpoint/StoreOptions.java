package io.understudy.replay.checkpoint;

/**
 * Settings of a {@link RocksCheckpointStore}. Immutable.
 *
 * @param keep how many of the newest checkpoints stay readable; at least 1
 * @param batchBytes a checkpoint larger than this is staged in several unsynced batches of about
 *     this size, which bounds the memory one write takes
 */
public record StoreOptions(int keep, int batchBytes) {

  /** Three checkpoints, batches of 8 MiB. */
  public static final StoreOptions DEFAULT = new StoreOptions(3, 8 * 1024 * 1024);

  public StoreOptions {
    if (keep < 1) {
      throw new IllegalArgumentException("keep must be at least 1: keep=" + keep);
    }
    if (batchBytes < 1) {
      throw new IllegalArgumentException("batchBytes must be positive: batchBytes=" + batchBytes);
    }
  }
}
