package io.understudy.cli;

import java.io.PrintWriter;
import java.util.function.Supplier;

/** Says once a second how far something is. Owned by the main thread. */
final class EverySecond {
  private static final long INTERVAL_NANOS = 1_000_000_000L;

  private final PrintWriter err;
  private long saidNanos = System.nanoTime();

  /** Nothing is said before a second has passed. */
  EverySecond(PrintWriter err) {
    this.err = err;
  }

  /** Says how far it is, unless that was said just now. */
  void say(Supplier<String> line) {
    long nowNanos = System.nanoTime();
    if (nowNanos - saidNanos >= INTERVAL_NANOS) {
      saidNanos = nowNanos;
      err.println(line.get());
      err.flush();
    }
  }
}
