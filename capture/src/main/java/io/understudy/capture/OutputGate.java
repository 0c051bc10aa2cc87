package io.understudy.capture;

import io.understudy.log.EpochDraft;

/**
 * Where output waits until it may leave. A port: the real one is the console's server and the
 * network, tests watch what gets through.
 */
public interface OutputGate {
  /**
   * Committer thread: the epoch with this mark is committed; the output up to there may leave and
   * the input up to there is acknowledged.
   */
  void committed(EpochDraft.Mark mark);

  /**
   * vCPU thread: console output up to here has arrived outside; goes into the next epoch's mark.
   */
  long releasedOffset();

  /**
   * vCPU thread: network frames before this number have left; goes into the next epoch's mark. None
   * where there is no network.
   */
  default long releasedFrames() {
    return 0;
  }

  /**
   * vCPU thread: whether more output can be held; if not, the guest stands still. A gate without a
   * bound has room.
   */
  default boolean hasRoom() {
    return true;
  }

  /**
   * vCPU thread: the guest has ended and all it put out is committed. Waits, for a bounded time,
   * until the world has it; {@link #stop} follows. A gate that hands everything over in {@link
   * #committed} has nothing to wait for.
   */
  default void finish(String reason) {}

  /** Any thread: closes the gate for good; nothing leaves after this has returned. */
  void stop(String reason);
}
