package io.understudy.capture.network;

import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Frames that the guest sent and that may not leave yet, in order, numbered from the start of the
 * run: those of epochs that are not committed, and on a standby those that the world may not have.
 *
 * <p>Safe for use by the vCPU thread, which adds, and the committer thread, which releases.
 */
public final class FrameOutput {
  /** With this much held the guest stands still. */
  private static final int LIMIT_BYTES = 8 << 20;

  private final ArrayDeque<byte[]> held = new ArrayDeque<>();
  private long first;
  private int bytes;
  private boolean stopped;

  /** The guest has sent {@code frame}. */
  public synchronized void append(byte[] frame) {
    held.add(frame);
    bytes += frame.length;
  }

  /** Starts anew at frame number {@code next}; those before are given up. */
  public synchronized void restartAt(long next) {
    held.clear();
    bytes = 0;
    first = next;
  }

  /** Forgets the frames before number {@code end}: the world has them. */
  public synchronized void prune(long end) {
    while (first < end && !held.isEmpty()) {
      take();
    }
  }

  /** Hands the frames before number {@code end} to {@code sink}, in order. */
  public synchronized void release(long end, Consumer<byte[]> sink) {
    while (!stopped && first < end && !held.isEmpty()) {
      sink.accept(take());
    }
  }

  private byte[] take() {
    byte[] frame = held.poll();
    bytes -= frame.length;
    first++;
    return frame;
  }

  /** Number of the first frame that has not been released. */
  public synchronized long released() {
    return first;
  }

  /** Frames held. */
  public synchronized int heldFrames() {
    return held.size();
  }

  /** Bytes in them. */
  public synchronized int heldBytes() {
    return bytes;
  }

  /** Whether more can be held. */
  public synchronized boolean hasRoom() {
    return bytes < LIMIT_BYTES;
  }

  /** Nothing is released after this has returned. */
  public synchronized void stop() {
    stopped = true;
  }
}
