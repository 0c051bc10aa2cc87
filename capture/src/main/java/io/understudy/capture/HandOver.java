package io.understudy.capture;

import io.understudy.log.EpochDraft;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where the threads of a primary meet: network threads hand console input to the vCPU thread, and
 * the vCPU thread hands closed epochs to the committer thread, one at a time. Both ways are
 * bounded; a full one is back-pressure for the giver.
 *
 * <p>Safe for use by all of them.
 */
final class HandOver {
  /** Console input not yet applied, in bytes; the console's own window is of the same order. */
  private static final int INPUT_LIMIT_BYTES = 512 * 1024;

  /** Frames not yet applied; a network card's own queue is of the same order. */
  private static final int FRAME_LIMIT = 256;

  /** One message of the front, to be applied as a whole. */
  record Input(long offset, byte[] bytes) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition forVcpu = lock.newCondition();
  private final Condition forCommitter = lock.newCondition();

  private final ArrayDeque<Input> inputs = new ArrayDeque<>();
  private int inputBytes;
  private final ArrayDeque<byte[]> frames = new ArrayDeque<>();
  private long framesLost;
  private EpochDraft draft;
  private boolean committing;
  // These are looked at in every exit of the guest, so without the lock; they change under it.
  private volatile boolean proofWanted;
  private volatile StopReason stopped;
  private volatile int waitingInputs;
  private volatile int waitingFrames;

  private final Life life = new Life(this::wake);

  /** How the machine is to live. */
  Life life() {
    return life;
  }

  private void wake() {
    lock.lock();
    try {
      forVcpu.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Network thread: false if there is no room now. */
  boolean offerInput(long offset, byte[] bytes) {
    lock.lock();
    try {
      if (stopped != null || inputBytes + bytes.length > INPUT_LIMIT_BYTES) {
        return false;
      }
      inputs.add(new Input(offset, bytes));
      waitingInputs = inputs.size();
      inputBytes += bytes.length;
      forVcpu.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** vCPU thread: the oldest input if it is of at most {@code room} bytes, else null. */
  Input pollInput(int room) {
    if (waitingInputs == 0) {
      return null;
    }
    lock.lock();
    try {
      Input first = inputs.peek();
      if (first == null || first.bytes().length > room) {
        return null;
      }
      inputBytes -= first.bytes().length;
      waitingInputs = inputs.size() - 1;
      return inputs.poll();
    } finally {
      lock.unlock();
    }
  }

  /** vCPU thread: whether input waits that fits {@code room}. */
  boolean hasInput(int room) {
    if (waitingInputs == 0) {
      return false;
    }
    lock.lock();
    try {
      return !inputs.isEmpty() && inputs.peek().bytes().length <= room;
    } finally {
      lock.unlock();
    }
  }

  /** Network thread: a frame, which is lost if there is no room now. */
  void offerFrame(byte[] frame) {
    lock.lock();
    try {
      if (stopped == null && frames.size() < FRAME_LIMIT) {
        frames.add(frame);
        waitingFrames = frames.size();
        forVcpu.signal();
      } else if (stopped == null) {
        framesLost++;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: how many frames were lost for lack of room. */
  long framesLost() {
    lock.lock();
    try {
      return framesLost;
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: bytes of input that wait. */
  int waitingInputBytes() {
    lock.lock();
    try {
      return inputBytes;
    } finally {
      lock.unlock();
    }
  }

  /** vCPU thread: whether a frame waits. */
  boolean hasFrame() {
    return waitingFrames > 0;
  }

  /** vCPU thread: the oldest frame, or null. */
  byte[] pollFrame() {
    lock.lock();
    try {
      byte[] first = frames.poll();
      waitingFrames = frames.size();
      return first;
    } finally {
      lock.unlock();
    }
  }

  /** vCPU thread: whether the committer has nothing to do. */
  boolean isCommitterIdle() {
    lock.lock();
    try {
      return draft == null && !committing;
    } finally {
      lock.unlock();
    }
  }

  /**
   * vCPU thread: hands an epoch over.
   *
   * @throws IllegalStateException if the committer has not taken the one before
   */
  void submit(EpochDraft closed) {
    lock.lock();
    try {
      if (draft != null) {
        throw new IllegalStateException("the committer has not taken the epoch before");
      }
      draft = closed;
      forCommitter.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Committer thread: the next epoch, or null when stopped. */
  EpochDraft takeDraft() throws InterruptedException {
    lock.lock();
    try {
      while (draft == null && stopped == null) {
        forCommitter.await();
      }
      if (stopped != null) {
        return null;
      }
      EpochDraft taken = draft;
      draft = null;
      committing = true;
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Committer thread: the epoch taken last is committed. */
  void committed() {
    lock.lock();
    try {
      committing = false;
      forVcpu.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Committer thread: output waits for a further commit, even if the guest gives no cause. */
  void wantProof() {
    lock.lock();
    try {
      proofWanted = true;
    } finally {
      lock.unlock();
    }
  }

  /** vCPU thread: whether a commit is wanted for its own sake; asking takes the wish back. */
  boolean takeProofWanted() {
    if (!proofWanted) {
      return false;
    }
    lock.lock();
    try {
      boolean wanted = proofWanted;
      proofWanted = false;
      return wanted;
    } finally {
      lock.unlock();
    }
  }

  /** Any thread: ends it; the first reason stays. */
  void stop(StopReason reason) {
    lock.lock();
    try {
      if (stopped == null) {
        stopped = reason;
      }
      forVcpu.signalAll();
      forCommitter.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Why it was stopped, or null. */
  StopReason stopped() {
    return stopped;
  }

  /**
   * vCPU thread: waits until something of the above has changed, at most {@code nanos}.
   *
   * @param inputWanted whether waiting input is a reason not to wait
   * @param framesWanted whether a waiting frame is
   * @param idleWanted whether a committer that has nothing to do is
   */
  @SuppressWarnings("WaitNotInLoop") // The caller is the loop.
  void awaitChange(long nanos, boolean inputWanted, boolean framesWanted, boolean idleWanted)
      throws InterruptedException {
    lock.lock();
    try {
      boolean nothingNew =
          stopped == null
              && !(inputWanted && !inputs.isEmpty())
              && !(framesWanted && !frames.isEmpty())
              && !(idleWanted && draft == null && !committing);
      if (nothingNew && nanos > 0) {
        // Whoever waits looks again at everything: a spurious wake-up costs one turn.
        forVcpu.awaitNanos(nanos);
      }
    } finally {
      lock.unlock();
    }
  }
}
