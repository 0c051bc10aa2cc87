package io.understudy.kvm;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Kicks a vCPU once a deadline has passed, and again until it is closed, so that a guest that hangs
 * does not hang its caller. The watching thread belongs to this object and is gone when {@link
 * #close()} returns.
 */
final class KickTimer implements AutoCloseable {
  private static final Duration REPEAT = Duration.ofMillis(20);

  private final CountDownLatch done = new CountDownLatch(1);
  private final AtomicInteger kicks = new AtomicInteger();
  private final long startNanos = System.nanoTime();
  private final Duration timeout;
  private final Duration repeat;
  private final Thread watcher;

  private KickTimer(Vcpu vcpu, Duration timeout, Duration repeat) {
    this.timeout = timeout;
    this.repeat = repeat;
    watcher = new Thread(() -> watch(vcpu), "kvm-kick-timer");
    watcher.setDaemon(true);
  }

  static KickTimer start(Vcpu vcpu, Duration timeout) {
    return start(vcpu, timeout, REPEAT);
  }

  static KickTimer start(Vcpu vcpu, Duration timeout, Duration repeat) {
    KickTimer timer = new KickTimer(vcpu, timeout, repeat);
    timer.watcher.start();
    return timer;
  }

  private void watch(Vcpu vcpu) {
    try {
      if (done.await(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
      do {
        kicks.incrementAndGet();
        vcpu.kick();
      } while (!done.await(repeat.toNanos(), TimeUnit.NANOSECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** How many kicks were sent so far. */
  int kicks() {
    return kicks.get();
  }

  /**
   * Gives up on the guest.
   *
   * @throws GuestTimeoutException when the first kick was sent
   */
  void checkNotExpired() {
    if (kicks.get() > 0) {
      throw new GuestTimeoutException(timeout);
    }
  }

  /**
   * Gives up on a guest that is kicked for other reasons.
   *
   * @throws GuestTimeoutException when more than {@code limit} has passed since the start
   */
  void checkNotLongerThan(Duration limit) {
    if (System.nanoTime() - startNanos > limit.toNanos()) {
      throw new GuestTimeoutException(limit);
    }
  }

  @Override
  public void close() {
    done.countDown();
    boolean isInterrupted = false;
    while (watcher.isAlive()) {
      try {
        watcher.join();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
