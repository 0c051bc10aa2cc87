package io.understudy.machine;

import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Kicks the vCPU at random moments: the guest must never notice. */
final class Kicker implements AutoCloseable {
  private final Thread thread;
  private volatile boolean stopped;

  Kicker(Machine machine, long seed) {
    Random random = new Random(seed);
    thread =
        new Thread(
            () -> {
              while (!stopped) {
                machine.kick();
                LockSupport.parkNanos(random.nextInt(300_000));
              }
            },
            "kicker");
  }

  void start() {
    thread.start();
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
