package io.understudy.failover.front;

import io.understudy.capture.console.ConsoleServer;
import io.understudy.capture.console.ConsoleSettings;
import io.understudy.capture.console.LiveConsole;
import io.understudy.capture.console.OutputBuffer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Nodes of one run with real {@link ConsoleServer}s; the log is a list in memory.
 *
 * <p>Each node has a committer thread that moves one taken message after the other into the log
 * while its term is the newest, as a fenced producer would.
 */
final class ScriptedRun implements AutoCloseable {
  static final String VM = "vm";

  final UUID run = UUID.randomUUID();
  final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final Supplier<Function<byte[], byte[]>> guests;
  private final Object lock = new Object();
  private final List<byte[]> log = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private long inputOffset;
  private long released;
  private long term;

  ScriptedRun(Supplier<Function<byte[], byte[]>> guests) {
    this.guests = guests;
  }

  /** A run of {@link ScriptedGuest}. */
  static ScriptedRun ofChannels() {
    return new ScriptedRun(() -> new ScriptedGuest()::answer);
  }

  /** A standby. */
  Node standby() {
    Node node = new Node(0);
    nodes.add(node);
    return node;
  }

  /** A standby on a given port. */
  Node standby(int port) {
    Node node = new Node(port);
    nodes.add(node);
    return node;
  }

  Set<Endpoint> endpoints() {
    Set<Endpoint> endpoints = new HashSet<>();
    nodes.forEach(node -> endpoints.add(node.endpoint()));
    return endpoints;
  }

  @Override
  public void close() {
    nodes.forEach(Node::close);
  }

  /** One node. */
  final class Node implements AutoCloseable {
    final ConsoleServer server;
    private final Function<byte[], byte[]> guest = guests.get();
    private final BlockingQueue<Taken> taken = new LinkedBlockingQueue<>();
    private final Thread committer = new Thread(this::commitAll, "committer");
    private long myTerm;
    private long outputEnd;
    private volatile int commitsLeft = Integer.MAX_VALUE;
    private volatile boolean isClosed;

    /** Handed out when {@link #commitsLeft} reached 0. */
    final BlockingQueue<Boolean> withheld = new LinkedBlockingQueue<>();

    private record Taken(byte[] message, long inputEnd, long outputEnd) {}

    private Node(int port) {
      server =
          ConsoleServer.open(
              new ConsoleSettings(
                  VM,
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                  Duration.ofMillis(50),
                  Duration.ofSeconds(20)),
              new OutputBuffer(),
              failed -> failure.compareAndSet(null, failed));
      server.start();
      committer.setDaemon(true);
    }

    Endpoint endpoint() {
      return new Endpoint("127.0.0.1", server.address().getPort());
    }

    /** Replays the log, fences the old primary and serves. */
    void promote() {
      long input;
      synchronized (lock) {
        for (byte[] message : log) {
          transmit(guest.apply(message));
        }
        server.output().prune(released);
        term++;
        myTerm = term;
        input = inputOffset;
      }
      committer.start();
      server.goLive(new LiveConsole(run, myTerm, input, outputEnd, this::take));
    }

    /**
     * Commits {@code count} more messages, then none; the next one is told to {@link #withheld}.
     */
    void commitOnly(int count) {
      commitsLeft = count;
    }

    /** Says something nobody asked for and commits it, fenced or not. */
    synchronized void speakAndCommit(byte[] bytes) {
      transmit(bytes);
      server.committed(inputOffset, outputEnd);
    }

    private synchronized boolean take(long offset, byte[] bytes) {
      try {
        transmit(guest.apply(bytes));
        taken.add(new Taken(bytes, offset + bytes.length, outputEnd));
      } catch (AssertionError wrong) {
        failure.compareAndSet(null, wrong);
      }
      return true;
    }

    /** The test speaks while the console takes input. */
    private synchronized void transmit(byte[] bytes) {
      server.transmitted(bytes);
      outputEnd += bytes.length;
    }

    private void commitAll() {
      try {
        while (!isClosed) {
          commit(taken.take());
        }
      } catch (InterruptedException closed) {
        Thread.currentThread().interrupt();
      }
    }

    private void commit(Taken next) {
      synchronized (lock) {
        if (myTerm != term) {
          return;
        }
        if (commitsLeft == 0) {
          withheld.add(true);
          return;
        }
        commitsLeft--;
        log.add(next.message());
        inputOffset = next.inputEnd();
        released = Math.max(released, server.output().releasedByPeer());
        server.committed(next.inputEnd(), next.outputEnd());
      }
    }

    @Override
    public void close() {
      isClosed = true;
      committer.interrupt();
      server.stop("test");
    }
  }
}
