package io.understudy.replay.checkpoint;

import java.util.List;
import java.util.Optional;

/**
 * Keeps the newest checkpoints of one run of one VM.
 *
 * <p>Checkpoints share pages: a page is stored again only when it has changed. Every kept
 * checkpoint can be restored, not only the newest.
 *
 * <p>Calls are serialized by the store. After {@link #close} every call but {@code close} throws
 * {@link IllegalStateException}, as does a call from inside a {@link PageSet} or {@link
 * PageConsumer} that the store is using. Failures of the disk are {@link CheckpointStoreException},
 * wrong bytes are {@link CheckpointDamagedException}.
 */
public interface CheckpointStore extends AutoCloseable {

  /**
   * Stores a checkpoint. When this returns the checkpoint survives a crash and a power loss; when
   * it throws {@link IllegalArgumentException}, or what {@code pages} threw, nothing has changed;
   * when it throws {@link CheckpointStoreException} the checkpoint may or may not be there after
   * the store has been opened again.
   *
   * @param checkpoint its epoch must be higher than every epoch in the store
   * @param pages those that changed since the newest checkpoint in the store; for the first, all
   *     that are not zero. A machine that was restored from an older checkpoint calls {@link
   *     #discardNewerThan} before it writes again.
   */
  void write(Checkpoint checkpoint, PageSet pages);

  /**
   * The checkpoint with the highest epoch; empty when there is none.
   *
   * @throws CheckpointDamagedException if there is one and it cannot be read
   */
  Optional<Checkpoint> newest();

  /** Epochs of all kept checkpoints in ascending order, the damaged ones too. */
  List<Long> epochs();

  /**
   * The kept checkpoints in ascending order of epoch, without those that cannot be read; {@link
   * #epochs} names them, {@link #at} says why.
   */
  List<Checkpoint> list();

  /**
   * The checkpoint of this epoch; empty when the store has none.
   *
   * @throws CheckpointDamagedException if there is one and it cannot be read
   */
  Optional<Checkpoint> at(long epoch);

  /**
   * Hands over every page of this checkpoint that was ever written, in ascending order; all other
   * pages are zero.
   *
   * <p>Each page is verified before it is handed over, and that none is missing before the first
   * one is. Still, memory is complete only when this returns normally: drop what was received when
   * it throws.
   *
   * @throws CheckpointDamagedException if a page is missing or has wrong content
   * @throws IllegalArgumentException if this checkpoint is not in the store
   */
  void readPages(Checkpoint checkpoint, PageConsumer into);

  /**
   * Deletes all checkpoints after this epoch, damaged or not. The only way besides pruning by which
   * a checkpoint leaves the store.
   *
   * @param epoch of a checkpoint that stays and is the newest from now on
   * @throws IllegalArgumentException if the store has no checkpoint of this epoch
   */
  void discardNewerThan(long epoch);

  /** Releases the directory. Idempotent. */
  @Override
  void close();
}
