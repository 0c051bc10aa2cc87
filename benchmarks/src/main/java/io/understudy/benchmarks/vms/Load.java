package io.understudy.benchmarks.vms;

import io.understudy.cli.demo.RespClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One paced client for each VM, each with a thread of its own. Owned by one thread. */
final class Load implements AutoCloseable {
  private final List<PacedClient> clients = new ArrayList<>();
  private final List<Future<List<Answer>>> results = new ArrayList<>();
  private final ExecutorService threads;

  private Load(int clients) {
    this.threads = Executors.newFixedThreadPool(clients);
  }

  /** Starts clients over {@code connections}, which outlive this. */
  static Load start(List<RespClient> connections, int requestsPerSecond) {
    Load load = new Load(connections.size());
    long intervalNanos = TimeUnit.SECONDS.toNanos(1) / requestsPerSecond;
    long beginNanos = System.nanoTime();
    for (int index = 0; index < connections.size(); index++) {
      // Not all at once: clients of different VMs know nothing of each other.
      long firstNanos = beginNanos + intervalNanos * index / connections.size();
      PacedClient client = new PacedClient(connections.get(index), firstNanos, intervalNanos);
      load.clients.add(client);
      load.results.add(load.threads.submit(client));
    }
    return load;
  }

  /**
   * Lets time pass while the clients are at work.
   *
   * @throws IllegalStateException if one of them has failed
   */
  void run(Duration time) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(time.toNanos());
    for (Future<List<Answer>> result : results) {
      if (result.isDone()) {
        answers(result, 0);
        throw new IllegalStateException("a client has ended by itself");
      }
    }
  }

  /** Sends what is due before {@code endNanos}, waits for all answers and returns them. */
  List<Answer> finish(long endNanos, Duration timeout) throws InterruptedException {
    clients.forEach(client -> client.endAt(endNanos));
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    List<Answer> answers = new ArrayList<>();
    for (Future<List<Answer>> result : results) {
      answers.addAll(answers(result, Math.max(0, deadlineNanos - System.nanoTime())));
    }
    return answers;
  }

  private static List<Answer> answers(Future<List<Answer>> result, long nanos)
      throws InterruptedException {
    try {
      return result.get(nanos, TimeUnit.NANOSECONDS);
    } catch (TimeoutException tooSlow) {
      throw new IllegalStateException(
          "the last answers do not come: is --rate too high for this host?", tooSlow);
    } catch (ExecutionException failed) {
      throw new IllegalStateException("a client failed", failed.getCause());
    }
  }

  /** Ends the clients where they wait for their time; those that wait for an answer, unheard. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
