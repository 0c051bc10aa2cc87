package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ComputeWatchTest {
  private static final Duration BOUND = Duration.ofMillis(4);

  private final AtomicInteger kicks = new AtomicInteger();
  private final CountDownLatch several = new CountDownLatch(5);
  private final ComputeWatch watch = new ComputeWatch(BOUND, this::kick);

  private void kick() {
    kicks.incrementAndGet();
    several.countDown();
  }

  @AfterEach
  void stop() throws InterruptedException {
    watch.stop();
  }

  @Test
  void kicksAGuestThatStaysInside_againAndAgain() throws InterruptedException {
    watch.start();
    watch.enters();

    assertThat(several.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void leavesAGuestAloneThatWaits() throws InterruptedException {
    watch.start();
    watch.enters();
    watch.leaves();
    LockSupport.parkNanos(BOUND.toNanos() * 20);
    watch.stop();

    // The one look between entering and leaving, at most.
    assertThat(kicks.get()).isLessThanOrEqualTo(1);
  }

  @Test
  void doesNotKickAfterItsEnd() throws InterruptedException {
    watch.start();
    watch.enters();
    several.await();
    watch.stop();
    int before = kicks.get();
    LockSupport.parkNanos(BOUND.toNanos() * 5);

    assertThat(kicks).hasValue(before);
  }

  @Test
  void isStoppedWithoutHavingBegun() throws InterruptedException {
    watch.stop();

    assertThat(kicks).hasValue(0);
  }
}
