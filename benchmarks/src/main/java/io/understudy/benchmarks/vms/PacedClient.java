package io.understudy.benchmarks.vms;

import io.understudy.cli.demo.RespClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/**
 * A client that sends a request every so often, SET and GET of the same key by turns, over one
 * connection, the next one not before the last one is answered. A request that therefore comes late
 * counts as sent when it was due, so a slow service does not look better by being asked less. When
 * the client itself was late, by its timer, that does not count.
 *
 * <p>Its thread is that of {@link #call}; {@link #endAt} may be called by any.
 */
final class PacedClient implements Callable<List<Answer>> {
  private static final int KEYS = 64;

  private final RespClient connection;
  private final long firstNanos;
  private final long intervalNanos;
  private volatile boolean isEnding;
  private volatile long endNanos;

  /**
   * A client that begins at {@code firstNanos}.
   *
   * @param intervalNanos from request to request, from 1
   */
  PacedClient(RespClient connection, long firstNanos, long intervalNanos) {
    this.connection = connection;
    this.firstNanos = firstNanos;
    this.intervalNanos = intervalNanos;
  }

  /** Lets it end with the last request that is due before. */
  void endAt(long nanos) {
    endNanos = nanos;
    isEnding = true;
  }

  /**
   * Runs it until {@link #endAt}.
   *
   * @throws IOException if the connection is lost or an answer is wrong: what is not right has no
   *     speed
   */
  @Override
  public List<Answer> call() throws IOException {
    List<Answer> answers = new ArrayList<>();
    for (long number = 0; ; number++) {
      long dueNanos = firstNanos + number * intervalNanos;
      long sentNanos = awaitDue(dueNanos);
      if (isEnding && dueNanos - endNanos >= 0) {
        return answers;
      }
      request(number);
      long answeredNanos = System.nanoTime();
      answers.add(new Answer(dueNanos, answeredNanos, answeredNanos - sentNanos));
    }
  }

  /** Waits, and returns from when on the request counts. */
  private static long awaitDue(long dueNanos) throws IOException {
    long readyNanos = System.nanoTime();
    long now = readyNanos;
    while (now - dueNanos < 0) {
      LockSupport.parkNanos(dueNanos - now);
      if (Thread.interrupted()) {
        throw new IOException("interrupted between requests");
      }
      now = System.nanoTime();
    }
    return countsFrom(dueNanos, readyNanos, now);
  }

  /**
   * From when on a request counts.
   *
   * @param dueNanos when it was to be sent
   * @param readyNanos when the client had nothing more to wait for
   * @param sentNanos when it was sent
   */
  static long countsFrom(long dueNanos, long readyNanos, long sentNanos) {
    return readyNanos - dueNanos < 0 ? sentNanos : dueNanos;
  }

  private void request(long number) throws IOException {
    long pair = number / 2;
    String key = "key:" + pair % KEYS;
    String value = String.format("value:%010d", pair);
    if (number % 2 == 0) {
      connection.set(key, value);
      return;
    }
    Optional<String> found = connection.get(key);
    if (!found.equals(Optional.of(value))) {
      throw new IOException(
          "a value is not what was stored: key=" + key + " expected=" + value + " actual=" + found);
    }
  }
}
