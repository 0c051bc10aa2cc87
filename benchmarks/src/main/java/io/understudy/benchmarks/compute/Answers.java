package io.understudy.benchmarks.compute;

import io.understudy.machine.Machine;
import io.understudy.machine.MachineOutput;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What the guest says: kept, cut into replies, with the moments at which each began and ended.
 *
 * <p>Output comes on the vCPU thread; everything else is safe for any thread.
 */
final class Answers implements MachineOutput {
  /**
   * Where the guest was when a byte came out.
   *
   * @param nanos by {@link System#nanoTime}
   * @param instructions counted by the host since power-on, -1 if it does not count
   * @param position the machine's, -1 before it is known
   */
  record Moment(long nanos, long instructions, long position) {}

  /**
   * A complete reply.
   *
   * @param begin at its first byte
   * @param end at its last byte
   * @param endOffset of all output behind it
   * @param isError whether it is one
   */
  record Reply(Moment begin, Moment end, long endOffset, boolean isError) {}

  private final boolean arriveAtOnce;
  private final ReplyReader reader = new ReplyReader();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final List<Reply> replies = new ArrayList<>();
  private volatile Machine machine;
  private Moment begin;
  private long released;
  private boolean stopped;

  /**
   * Nothing yet.
   *
   * @param arriveAtOnce whether output need not be {@linkplain #release released}
   */
  Answers(boolean arriveAtOnce) {
    this.arriveAtOnce = arriveAtOnce;
  }

  /** From here on the moments are those of {@code talking}. */
  void attach(Machine talking) {
    machine = talking;
  }

  private Moment now() {
    Machine talking = machine;
    long nanos = System.nanoTime();
    return talking == null
        ? new Moment(nanos, -1, -1)
        : new Moment(nanos, talking.executedInstructions().orElse(-1), talking.position());
  }

  @Override
  public void accept(byte value) {
    if (reader.isAtBegin()) {
      begin = now();
    }
    boolean isLast = reader.accept(value);
    Moment end = isLast ? now() : null;
    lock.lock();
    try {
      output.write(value);
      if (isLast) {
        replies.add(new Reply(begin, end, output.size(), reader.isError()));
        if (arriveAtOnce) {
          released = output.size();
        }
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Output before this offset may arrive. */
  void release(long offset) {
    lock.lock();
    try {
      released = offset;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Output before this offset has arrived. */
  long released() {
    lock.lock();
    try {
      return released;
    } finally {
      lock.unlock();
    }
  }

  /** Nothing more comes. */
  void stop() {
    lock.lock();
    try {
      stopped = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until so many replies have arrived.
   *
   * @return false if they will not, because the guest has stopped
   * @throws IllegalStateException if they take too long
   */
  boolean await(int count, long timeoutSeconds) throws InterruptedException {
    long rest = TimeUnit.SECONDS.toNanos(timeoutSeconds);
    lock.lock();
    try {
      while (!hasArrived(count)) {
        if (stopped) {
          return false;
        }
        if (rest <= 0) {
          throw new IllegalStateException(
              "no reply within "
                  + timeoutSeconds
                  + " s: expected="
                  + count
                  + " replies="
                  + replies.size()
                  + " outputBytes="
                  + output.size()
                  + " released="
                  + released);
        }
        rest = changed.awaitNanos(rest);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean hasArrived(int count) {
    return count == 0
        || (replies.size() >= count && replies.get(count - 1).endOffset() <= released);
  }

  /** All complete replies. */
  List<Reply> replies() {
    lock.lock();
    try {
      return List.copyOf(replies);
    } finally {
      lock.unlock();
    }
  }

  /** All output. */
  byte[] bytes() {
    lock.lock();
    try {
      return output.toByteArray();
    } finally {
      lock.unlock();
    }
  }

  /** From the end of the first reply to that of the last one. */
  long nanos() {
    List<Reply> all = replies();
    return all.get(all.size() - 1).end().nanos() - all.get(0).end().nanos();
  }
}
