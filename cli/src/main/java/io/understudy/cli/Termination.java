package io.understudy.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a long-running command end in good order when the process gets SIGTERM or SIGINT.
 *
 * <p>The JVM answers these signals by running shutdown hooks while all threads go on, and then ends
 * with status 143 or 130 whatever happened. The hook here asks the command to stop, waits until
 * {@link Main} has its exit code, and ends the process with that one. Thread-safe.
 */
final class Termination {
  private static final long PATIENCE_SECONDS = 20;
  private static final CountDownLatch ENDED = new CountDownLatch(1);

  /** Written once, before ENDED is counted down. */
  private static volatile int exitCode;

  private Termination() {}

  /**
   * Calls {@code stop} on a thread of its own when a signal arrives; it must make the command
   * return soon.
   */
  static void onSignal(Runnable stop) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(stop), "cli-termination"));
  }

  /** The command is over; a normal exit follows, or one is under way already. */
  static void commandEnded(int code) {
    exitCode = code;
    ENDED.countDown();
  }

  private static void end(Runnable stop) {
    if (ENDED.getCount() == 0) {
      return; // A normal exit: the JVM keeps its code.
    }
    stop.run();
    try {
      if (!ENDED.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    System.out.flush();
    System.err.flush();
    // Exit would wait for this very hook.
    Runtime.getRuntime().halt(exitCode);
  }
}
