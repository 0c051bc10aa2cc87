package io.understudy.benchmarks.compute;

import io.understudy.machine.Machine;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/** Kicks a vCPU at random moments: what comes of it is for the machine's director to decide. */
final class Kicker implements AutoCloseable {
  private static final int NANOS_MAX = 5_000_000;

  private final Thread thread;
  private volatile boolean stopped;

  /** One that has not begun. */
  Kicker(Machine machine, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    thread =
        new Thread(
            () -> {
              while (!stopped) {
                machine.kick();
                LockSupport.parkNanos(random.nextInt(NANOS_MAX));
              }
            },
            "kicker");
    thread.setDaemon(true);
  }

  /** Kicks from here on until it is closed. */
  void start() {
    thread.start();
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(thread);
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
