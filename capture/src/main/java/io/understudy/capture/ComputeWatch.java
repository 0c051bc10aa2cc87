package io.understudy.capture;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Kicks a guest that computes: one that is inside and has not exited since this thread looked last.
 * Whether there is reason to stop it for good is then the vCPU thread's to decide.
 */
final class ComputeWatch {
  /** Looks in the time that an input may wait: it is seen at the second one at the latest. */
  private static final int LOOKS = 4;

  private static final long OUTSIDE = -1;

  private final Runnable kick;
  private final long periodNanos;
  private final Thread thread = new Thread(this::watch, "compute-watch");

  /** Grows with each entry while the guest is inside; written by the vCPU thread alone. */
  private final AtomicLong inside = new AtomicLong(OUTSIDE);

  private long entries;
  private volatile boolean stopped;

  /**
   * A watch that has not begun.
   *
   * @param bound how long something may wait for the guest
   * @param kick gets the guest out; called by the watch's thread
   */
  ComputeWatch(Duration bound, Runnable kick) {
    this.kick = kick;
    this.periodNanos = bound.toNanos() / LOOKS;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** vCPU thread: the guest goes on at a position. At every exit, so without a fence. */
  void enters() {
    inside.lazySet(++entries);
  }

  /** vCPU thread: it waits, or has ended. */
  void leaves() {
    inside.lazySet(OUTSIDE);
  }

  private void watch() {
    long last = OUTSIDE;
    while (!stopped) {
      LockSupport.parkNanos(periodNanos);
      long now = inside.get();
      if (now != OUTSIDE && now == last) {
        kick.run();
      }
      last = now;
    }
  }

  /** Any thread: ends the watch; there is no kick after this has returned. */
  void stop() throws InterruptedException {
    stopped = true;
    LockSupport.unpark(thread);
    thread.join();
  }
}
