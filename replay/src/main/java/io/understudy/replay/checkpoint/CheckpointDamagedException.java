package io.understudy.replay.checkpoint;

import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Data of a checkpoint, or of the whole store, is not what was written. Nothing has been deleted.
 *
 * <p>When {@link #epoch()} is present the damage was met in that checkpoint and older ones may be
 * whole: try them, newest first, from {@link CheckpointStore#list()}, and call {@link
 * CheckpointStore#discardNewerThan} with the one that could be restored. When it is absent no
 * checkpoint of the store can be read.
 */
public final class CheckpointDamagedException extends CheckpointStoreException {

  private static final long serialVersionUID = 1L;

  /** The epoch, or -1: an exception is serializable and {@link OptionalLong} is not. */
  private final long epochOrMinusOne;

  CheckpointDamagedException(Path dir, long epoch, String what, Throwable cause) {
    super("checkpoint damaged: dir=" + dir + " epoch=" + epoch + ": " + what, cause);
    this.epochOrMinusOne = epoch;
  }

  CheckpointDamagedException(Path dir, String what, Throwable cause) {
    super(
        "checkpoint store damaged: dir="
            + dir
            + ": "
            + what
            + "; nothing was deleted: move the directory away to start with an empty store",
        cause);
    this.epochOrMinusOne = -1;
  }

  /** The damaged checkpoint; empty when the store as a whole is damaged. */
  public OptionalLong epoch() {
    return epochOrMinusOne < 0 ? OptionalLong.empty() : OptionalLong.of(epochOrMinusOne);
  }
}
