package io.understudy.cli.demo;

import io.understudy.cli.demo.TrafficHistory.Kind;
import io.understudy.cli.demo.TrafficHistory.Reply;
import io.understudy.cli.demo.TrafficHistory.Request;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Clients that count: each has one connection and, in turn, increments a counter of its own and one
 * that all share, stores a value never used before and reads it back. No request is sent before the
 * last one was answered, so what a client was told is a total order.
 *
 * <p>{@link #stop} and {@link #acknowledged} belong to the thread that called {@link #start}; every
 * client has a thread of its own.
 */
public final class IncrTraffic implements AutoCloseable {
  private static final int SHARED_COUNTERS = 2;

  /**
   * How much traffic.
   *
   * @param prefix of all keys; none of them may exist
   * @param service where the service listens
   * @param clients how many connections, from 1
   * @param think pause of a client between a reply and its next request
   * @param replyTimeout a reply that takes longer is a failure of the connection; longer than a
   *     failover
   */
  public record Settings(
      String prefix,
      InetSocketAddress service,
      int clients,
      Duration think,
      Duration replyTimeout) {
    /** A service at {@code port} of the loopback address. */
    public Settings(String prefix, int port, int clients, Duration think, Duration replyTimeout) {
      this(
          prefix,
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
          clients,
          think,
          replyTimeout);
    }
  }

  private final Settings settings;
  private final List<ClientLoop> loops;
  private final List<Thread> threads;
  private volatile boolean stopping;

  private IncrTraffic(Settings settings) {
    this.settings = settings;
    this.loops = new ArrayList<>();
    this.threads = new ArrayList<>();
  }

  /** Connects all clients, then starts them. */
  public static IncrTraffic start(Settings settings) throws IOException {
    IncrTraffic traffic = new IncrTraffic(settings);
    try {
      for (int number = 0; number < settings.clients(); number++) {
        traffic.loops.add(
            traffic
            .new ClientLoop(
                number, RespClient.connect(settings.service(), settings.replyTimeout())));
      }
    } catch (IOException e) {
      traffic.loops.forEach(loop -> loop.connection.close());
      throw e;
    }
    for (ClientLoop loop : traffic.loops) {
      Thread thread = new Thread(loop, "traffic-" + settings.prefix() + "-" + loop.number);
      thread.setDaemon(true);
      traffic.threads.add(thread);
      thread.start();
    }
    return traffic;
  }

  /** Requests answered so far. */
  public long acknowledged() {
    return loops.stream().mapToLong(loop -> loop.acknowledged).sum();
  }

  /** Clients whose connection has not failed. */
  public long living() {
    return loops.stream().filter(loop -> loop.failure == null).count();
  }

  /**
   * Ends the traffic after the requests that are under way, and reads all keys over a new
   * connection.
   *
   * @throws IOException if the keys cannot be read
   */
  public TrafficHistory stop() throws IOException {
    endThreads();
    Map<String, Long> counters = new HashMap<>();
    Map<String, String> values = new HashMap<>();
    try (RespClient reader = RespClient.connect(settings.service(), settings.replyTimeout())) {
      for (String key : (Iterable<String>) counterKeys()::iterator) {
        String value = reader.get(key).orElse("0");
        try {
          counters.put(key, Long.parseLong(value));
        } catch (NumberFormatException e) {
          throw new IOException("counter holds no number: key=" + key + " value=" + value, e);
        }
      }
      for (ClientLoop loop : loops) {
        Optional<String> value = reader.get(loop.valueKey);
        value.ifPresent(found -> values.put(loop.valueKey, found));
      }
    }
    return new TrafficHistory(loops.stream().map(ClientLoop::client).toList(), counters, values);
  }

  @Override
  public void close() {
    stopping = true;
    loops.forEach(loop -> loop.connection.close());
  }

  private Stream<String> counterKeys() {
    Stream<String> shared =
        Stream.iterate(0, number -> number + 1).limit(SHARED_COUNTERS).map(this::sharedKey);
    return Stream.concat(loops.stream().map(loop -> loop.ownKey), shared);
  }

  private String sharedKey(int number) {
    return settings.prefix() + ":shared:" + number;
  }

  private void endThreads() throws IOException {
    stopping = true;
    try {
      for (Thread thread : threads) {
        thread.join(settings.replyTimeout().multipliedBy(2).toMillis());
        if (thread.isAlive()) {
          throw new IOException("client does not end: thread=" + thread.getName());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the clients end", e);
    }
    loops.forEach(loop -> loop.connection.close());
  }

  /** One client. Its fields belong to its thread until that has ended. */
  private final class ClientLoop implements Runnable {
    private final int number;
    private final RespClient connection;
    private final String ownKey;
    private final String valueKey;
    private final List<Reply> replies = new ArrayList<>();
    private Request underWay;
    private volatile String failure;
    private volatile int acknowledged;

    private ClientLoop(int number, RespClient connection) {
      this.number = number;
      this.connection = connection;
      this.ownKey = settings.prefix() + ":own:" + number;
      this.valueKey = settings.prefix() + ":value:" + number;
    }

    @Override
    public void run() {
      try {
        for (int turn = 0; !stopping; turn++) {
          ask(Kind.INCR, ownKey, "");
          ask(Kind.INCR, sharedKey((number + turn) % SHARED_COUNTERS), "");
          ask(Kind.SET, valueKey, "value-" + number + "-" + turn);
          ask(Kind.GET, valueKey, "");
        }
      } catch (IOException e) {
        failure = e.toString();
      }
    }

    private void ask(Kind kind, String key, String value) throws IOException {
      underWay = new Request(kind, key, value, System.nanoTime());
      String reply =
          switch (kind) {
            case INCR -> Long.toString(connection.incr(key));
            case SET -> {
              connection.set(key, value);
              yield "";
            }
            case GET -> connection.get(key).orElse("");
          };
      replies.add(new Reply(underWay, reply, System.nanoTime()));
      underWay = null;
      acknowledged = replies.size();
      if (!settings.think().isZero()) {
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(settings.think().toNanos() / 1000));
      }
    }

    private TrafficHistory.Client client() {
      return new TrafficHistory.Client(
          number, replies, Optional.ofNullable(underWay), Optional.ofNullable(failure));
    }
  }
}
