package io.understudy.failover.node;

import java.time.Duration;

/** How threads are ended that use Kafka's clients. Stateless. */
final class ThreadEnd {
  private static final Duration ORDERLY = Duration.ofSeconds(1);

  private ThreadEnd() {}

  /**
   * Waits for a thread that was told to end. Kafka's clients do not like to be interrupted; without
   * the cluster it is the only way.
   *
   * @param patience how long it may take behind the interrupt
   */
  static void await(Thread thread, Duration patience) {
    try {
      thread.join(ORDERLY.toMillis());
      thread.interrupt();
      thread.join(patience.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
