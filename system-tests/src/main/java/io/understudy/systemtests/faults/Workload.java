package io.understudy.systemtests.faults;

import io.understudy.systemtests.faults.Operation.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients that read, write and count on a few common keys and write down what they saw. A client
 * whose connection is lost leaves its last request open and comes again.
 *
 * <p>Each client has a thread of its own, which owns what the client has until {@link #stop}.
 */
final class Workload implements AutoCloseable {
  private static final int COUNTERS = 2;
  private static final int REGISTERS = 3;
  private static final int MOST_THINK_MILLIS = 6;
  private static final long RECONNECT_MILLIS = 20;

  private final String prefix;
  private final int port;
  private final Duration replyTimeout;
  private final List<Client> clients = new ArrayList<>();
  private volatile boolean stopping;

  private Workload(String prefix, int port, Duration replyTimeout) {
    this.prefix = prefix;
    this.port = port;
    this.replyTimeout = replyTimeout;
  }

  /**
   * What was seen.
   *
   * @param operations of all clients
   * @param traces of all connections
   * @param violations replies that are none
   */
  record Seen(
      List<Operation> operations, List<TracedClient.Trace> traces, List<String> violations) {
    /** Requests without a reply. */
    long unanswered() {
      return operations.stream().filter(operation -> !operation.isAnswered()).count();
    }
  }

  /**
   * Starts clients.
   *
   * @param prefix of all keys and names; no such key may exist
   * @param replyTimeout a connection that is silent for so long is given up
   */
  static Workload start(String prefix, int port, int clients, long seed, Duration replyTimeout) {
    Workload workload = new Workload(prefix, port, replyTimeout);
    for (int number = 0; number < clients; number++) {
      Client client = workload.new Client(number, new Random(seed * 31 + number));
      workload.clients.add(client);
      client.thread.start();
    }
    return workload;
  }

  /** The fewest replies that any client has had so far. */
  int fewestReplies() {
    return clients.stream().mapToInt(client -> client.replies).min().orElse(0);
  }

  /** Replies that any client has had so far. */
  int replies() {
    return clients.stream().mapToInt(client -> client.replies).sum();
  }

  /** When the newest reply came, on the monotonic clock. */
  long lastReplyNanos() {
    return clients.stream().mapToLong(client -> client.lastReplyNanos).max().orElse(0);
  }

  /** Ends all clients after the requests under way, reads every key once more. */
  Seen stop() {
    stopping = true;
    List<Operation> operations = new ArrayList<>();
    List<TracedClient.Trace> traces = new ArrayList<>();
    List<String> violations = new ArrayList<>();
    for (Client client : clients) {
      try {
        client.thread.join(replyTimeout.toMillis() * 2);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while clients end", e);
      }
      if (client.thread.isAlive()) {
        client.abandon();
        violations.add("client does not end: client=" + client.number);
      }
    }
    Client reader = new Client(clients.size(), new Random(0));
    reader.readAll();
    clients.add(reader);
    for (Client client : clients) {
      operations.addAll(client.operations);
      traces.addAll(client.traces);
      violations.addAll(client.violations);
    }
    return new Seen(operations, traces, violations);
  }

  @Override
  public void close() {
    stopping = true;
    clients.forEach(Client::abandon);
  }

  private String counter(int number) {
    return prefix + ":counter:" + number;
  }

  private String register(int number) {
    return prefix + ":register:" + number;
  }

  private final class Client {
    private final int number;
    private final Random random;
    private final Thread thread;
    private final List<Operation> operations = new ArrayList<>();
    private final List<TracedClient.Trace> traces = new ArrayList<>();
    private final List<String> violations = new ArrayList<>();
    private volatile TracedClient connection;
    private volatile int replies;
    private volatile long lastReplyNanos;
    private int answered;
    private int connections;
    private int writes;

    private Client(int number, Random random) {
      this.number = number;
      this.random = random;
      this.thread = new Thread(this::loop, "client-" + prefix + "-" + number);
      thread.setDaemon(true);
    }

    private void loop() {
      while (!stopping) {
        if (connect()) {
          work();
        }
      }
      part();
    }

    private boolean connect() {
      String name = prefix + "-client-" + number + "-" + connections;
      connections++;
      try {
        connection = TracedClient.connect(name, port, replyTimeout);
        return true;
      } catch (TracedClient.UnexpectedReplyException e) {
        violations.add("client " + number + ": " + e.getMessage());
      } catch (IOException e) {
        // Nobody listens, as long as there is no coordinator.
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(RECONNECT_MILLIS));
      return false;
    }

    private void work() {
      while (!stopping && connection != null) {
        int choice = random.nextInt(10);
        String counter = counter(random.nextInt(COUNTERS));
        String register = register(random.nextInt(REGISTERS));
        if (choice < 4) {
          ask(Kind.INCR, counter, "");
        } else if (choice < 5) {
          ask(Kind.GET, counter, "");
        } else if (choice < 8) {
          ask(Kind.SET, register, "v" + number + "." + writes++);
        } else {
          ask(Kind.GET, register, "");
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(MOST_THINK_MILLIS)));
      }
    }

    private void ask(Kind kind, String key, String argument) {
      long sent = System.nanoTime();
      try {
        String reply =
            switch (kind) {
              case SET -> connection.request("SET", key, argument);
              case GET -> connection.request("GET", key);
              case INCR -> connection.request("INCR", key);
            };
        long done = System.nanoTime();
        operations.add(new Operation(number, kind, key, argument, sent, done, reply));
        replies = ++answered;
        lastReplyNanos = done;
      } catch (TracedClient.UnexpectedReplyException e) {
        violations.add("client " + number + ": " + e.getMessage());
        open(kind, key, argument, sent);
      } catch (IOException e) {
        open(kind, key, argument, sent);
      }
    }

    private void open(Kind kind, String key, String argument, long sent) {
      operations.add(new Operation(number, kind, key, argument, sent, Operation.UNKNOWN, ""));
      part();
    }

    private void readAll() {
      if (!connect()) {
        violations.add("keys cannot be read at the end");
        return;
      }
      for (int key = 0; key < COUNTERS && connection != null; key++) {
        ask(Kind.GET, counter(key), "");
      }
      for (int key = 0; key < REGISTERS && connection != null; key++) {
        ask(Kind.GET, register(key), "");
      }
      if (connection == null) {
        violations.add("keys cannot be read at the end: the connection was lost");
      }
      part();
    }

    private void part() {
      TracedClient old = connection;
      if (old != null) {
        traces.add(old.trace());
        old.close();
        connection = null;
      }
    }

    /** Any thread: ends what the client waits for. */
    private void abandon() {
      TracedClient old = connection;
      if (old != null) {
        old.close();
      }
    }
  }
}
