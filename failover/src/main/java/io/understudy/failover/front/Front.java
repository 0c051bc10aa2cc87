package io.understudy.failover.front;

import io.understudy.capture.console.LinkFrame;
import io.understudy.capture.console.LinkProtocolException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the clients of one run's console while nodes fail over behind it; see the package page.
 *
 * <p>It is connected to all nodes ahead of time and serves from the one whose HELLO had the highest
 * term for this run. Once a term has been seen, nothing of an older one is used: its link is closed
 * and a HELLO of it ends the connection.
 *
 * <p><strong>Threads.</strong> One thread owns the selector and all state. {@link #nodes}, {@link
 * #statistics}, {@link #address} and {@link #close} may be called by any thread; none of them waits
 * for the network. The listener is called on the front's thread.
 *
 * <p><strong>Errors.</strong> Trouble with a client or a link ends that one. A node that
 * contradicts what the front knows ends the front ({@link FrontState#BROKEN}), as does an
 * unforeseen exception.
 */
public final class Front implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Front.class);

  private final UUID identity = UUID.randomUUID();

  private final FrontSettings settings;
  private final FrontListener listener;
  private final Selector selector;
  private final Thread thread;
  private final ExecutorService resolver;
  private final AtomicReference<Set<Endpoint>> newNodes = new AtomicReference<>();
  private volatile boolean isClosing;
  private volatile FrontStatistics statistics;

  // Owned by the front's thread.
  private final FrontStreams streams;
  private final ClientSide side;
  private final ClientPort port;
  private final LinkEvents linkEvents = new LinkEvents();
  private final Map<Endpoint, NodeLink> links = new HashMap<>();
  private FrontState state = FrontState.DETACHED;
  private NodeLink serving;
  private long term = -1;
  private long outputTerm = -1;
  private long outputAcked;
  private Instant stalledSince = Instant.now();

  /** Once set nothing goes on. */
  private Contradiction contradiction;

  private record Contradiction(Endpoint node, String what) {}

  private Front(FrontSettings settings, FrontListener listener, Selector selector)
      throws IOException {
    this.settings = settings;
    this.listener = listener;
    this.selector = selector;
    this.streams = new FrontStreams(settings.mode());
    this.side =
        switch (settings.mode()) {
          case STREAM ->
              new StreamClients(settings.vm(), streams.input(), settings.limits().backlogBytes());
          case CHANNELS ->
              new ChannelClients(
                  settings.vm(),
                  streams,
                  settings.limits().clients(),
                  settings.timing().syncRetry().toNanos());
        };
    this.port = new ClientPort(settings, selector, streams.input(), side);
    this.resolver =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread worker = new Thread(task, "front-resolver-" + settings.vm());
              worker.setDaemon(true);
              return worker;
            });
    this.thread = new Thread(this::run, "front-" + settings.vm());
    thread.setDaemon(true);
    publish();
  }

  /**
   * Binds the clients' port; {@link #start} must follow.
   *
   * @param listener told what happens; see there for its duties
   * @throws UncheckedIOException if the address cannot be bound
   */
  public static Front open(FrontSettings settings, FrontListener listener) {
    Objects.requireNonNull(listener, "listener");
    Selector selector = null;
    try {
      selector = Selector.open();
      return new Front(settings, listener, selector);
    } catch (IOException cannotBind) {
      UncheckedIOException failure =
          new UncheckedIOException(
              "front cannot listen: vm=" + settings.vm() + " address=" + settings.listen(),
              cannotBind);
      if (selector != null) {
        try {
          selector.close();
        } catch (IOException second) {
          failure.addSuppressed(second);
        }
      }
      throw failure;
    }
  }

  /** Starts the front's thread. */
  public void start() {
    thread.start();
  }

  /** Where clients connect, with the real port; the same for the front's whole life. */
  public InetSocketAddress address() {
    return port.address();
  }

  /** Where the run's nodes listen; replaces what was given before. */
  public void nodes(Set<Endpoint> nodes) {
    newNodes.set(Set.copyOf(nodes));
    selector.wakeup();
  }

  /** The figures of a moment ago. */
  public FrontStatistics statistics() {
    return statistics;
  }

  /**
   * Closes the port and all connections and waits for the front's thread, except on that thread.
   * Closing again does nothing.
   */
  @Override
  public void close() {
    isClosing = true;
    selector.wakeup();
    if (thread.getState() == Thread.State.NEW) {
      closeAll(FrontState.CLOSED, "closed");
    } else if (Thread.currentThread() != thread) {
      joinThread();
    }
  }

  private void joinThread() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!isClosing && contradiction == null) {
        runOnce();
      }
      if (contradiction == null) {
        closeAll(FrontState.CLOSED, "front closes");
      } else {
        closeAll(FrontState.BROKEN, contradiction.what());
        listener.inconsistent(contradiction.node(), contradiction.what());
      }
    } catch (IOException | RuntimeException | Error failure) {
      LOG.error("front failed: vm={}", settings.vm(), failure);
      closeAll(FrontState.CLOSED, "front failed");
      listener.failed(failure);
    }
  }

  private void runOnce() throws IOException {
    selector.select(this::ready, selectTimeoutMillis());
    long now = System.nanoTime();
    if (contradiction != null) {
      return;
    }
    updateLinks();
    for (NodeLink link : links.values()) {
      link.step(now);
    }
    if (serving != null) {
      side.tick(now);
    }
    // Clients first: what they lose or end becomes input in the same round.
    port.serve(now);
    if (serving != null) {
      sendToNode();
    }
    for (NodeLink link : links.values()) {
      link.flush();
    }
    publish();
  }

  private long selectTimeoutMillis() {
    long now = System.nanoTime();
    long wait = settings.timing().pingInterval().toNanos();
    for (NodeLink link : links.values()) {
      wait = Math.min(wait, link.nextNanos(now) - now);
    }
    // Rounded up: a wake-up before the time would have nothing to do.
    return Math.max(1, TimeUnit.NANOSECONDS.toMillis(wait + 999_999));
  }

  private void ready(SelectionKey key) {
    if (contradiction != null || !key.isValid()) {
      return;
    }
    if (key.attachment() instanceof NodeLink link) {
      attempt(link, link::ready);
    } else if (key.attachment() instanceof Client client) {
      if (key.isReadable()) {
        port.receive(client);
      }
    } else {
      port.accept();
    }
  }

  private void updateLinks() {
    Set<Endpoint> nodes = newNodes.getAndSet(null);
    if (nodes == null) {
      return;
    }
    for (Endpoint gone : List.copyOf(links.keySet())) {
      if (!nodes.contains(gone)) {
        links.remove(gone).drop(LinkLoss.REMOVED, "taken off the list");
      }
    }
    for (Endpoint node : nodes) {
      links.computeIfAbsent(
          node, key -> new NodeLink(key, settings.timing(), selector, resolver, linkEvents));
    }
  }

  /** A contradiction is only noted here: the selector must not be closed by its own callback. */
  private void attempt(NodeLink link, Runnable step) {
    try {
      step.run();
    } catch (InconsistentConsoleException found) {
      LOG.error(
          "front stops, a node contradicts it: vm={} node={}: {}",
          settings.vm(),
          link.endpoint(),
          found.getMessage());
      contradiction = new Contradiction(link.endpoint(), found.getMessage());
    }
  }

  private void sendToNode() {
    // Acknowledged for discarded output too: the guest must not stall on it.
    if (streams.outputNext() > outputAcked) {
      outputAcked = streams.outputNext();
      serving.send(new LinkFrame.OutputAck(outputAcked));
    }
    LinkFrame.Input message = streams.input().next();
    while (message != null) {
      serving.send(message);
      message = streams.input().next();
    }
  }

  private void publish() {
    boolean isAttached = state == FrontState.ATTACHED && serving != null;
    statistics =
        new FrontStatistics(
            state,
            port.size(),
            port.accepted(),
            side.clientsRefused() + port.turnedAway(),
            side.clientsDisconnected() + port.overdue(),
            port.bytesFromClients(),
            port.bytesToClients(),
            isAttached ? Optional.of(serving.endpoint()) : Optional.empty(),
            term,
            Optional.ofNullable(stalledSince),
            streams.input().end(),
            streams.input().base(),
            streams.outputNext(),
            streams.input().replays(),
            streams.duplicateOutputBytes(),
            side.unreadOutputBytes(),
            side.resynchronizations(),
            serving == null ? -1 : serving.roundTripNanos());
  }

  private void closeAll(FrontState last, String reason) {
    port.close();
    for (NodeLink link : links.values()) {
      link.dismiss(reason);
    }
    links.clear();
    serving = null;
    state = last;
    stalledSince = stalledSince == null ? Instant.now() : stalledSince;
    resolver.shutdownNow();
    try {
      selector.close();
    } catch (IOException failed) {
      LOG.warn("front could not be closed cleanly: vm={}", settings.vm(), failed);
    }
    publish();
  }

  /** What the links tell. */
  private final class LinkEvents implements NodeLink.Events {
    @Override
    public void hello(NodeLink link, LinkFrame.Hello hello) {
      if (!hello.vm().equals(settings.vm()) || !hello.run().equals(settings.run())) {
        throw new LinkProtocolException(
            "node of another run: wanted="
                + settings.vm()
                + "/"
                + settings.run()
                + " found="
                + hello.vm()
                + "/"
                + hello.run());
      }
      if (link == serving) {
        throw new LinkProtocolException("HELLO comes once");
      }
      if (hello.term() < term || (hello.term() == term && serving != null)) {
        link.drop(LinkLoss.SUPERSEDED, "term=" + hello.term() + " served=" + term);
        return;
      }
      if (serving != null) {
        serving.drop(LinkLoss.SUPERSEDED, "term=" + term + " newer=" + hello.term());
      }
      term = hello.term();
      boolean isFirst = !streams.isEstablished();
      streams.meet(hello);
      serving = link;
      outputAcked = streams.outputNext();
      link.send(new LinkFrame.Attach(identity, hello.inputNext(), outputAcked));
      side.attached(isFirst);
    }

    @Override
    public void inputAck(NodeLink link, long offset) {
      requireServing(link, "INPUT_ACK");
      streams.acknowledged(offset);
      if (state != FrontState.ATTACHED) {
        state = FrontState.ATTACHED;
        stalledSince = null;
        LOG.info(
            "front is attached: vm={} node={} term={} inputOffset={} outputOffset={}",
            settings.vm(),
            link.endpoint(),
            term,
            streams.input().base(),
            streams.outputNext());
        listener.attached(link.endpoint(), term);
      }
    }

    @Override
    public void output(NodeLink link, LinkFrame.Output frame) {
      requireServing(link, "OUTPUT");
      byte[] news = streams.receive(frame);
      if (news.length == 0) {
        return;
      }
      if (outputTerm < term) {
        outputTerm = term;
        listener.firstOutput(link.endpoint(), term, Instant.now());
      }
      side.output(news);
    }

    @Override
    public void lost(NodeLink link, LinkLoss loss, String detail) {
      if (link == serving) {
        serving = null;
        state = FrontState.DETACHED;
        stalledSince = Instant.now();
      }
      listener.linkLost(link.endpoint(), loss, detail);
    }

    @Override
    public void refused(NodeLink link, String detail) {
      listener.linkRefused(link.endpoint(), detail);
    }

    private void requireServing(NodeLink link, String frame) {
      if (link != serving) {
        throw new LinkProtocolException(frame + " needs an ATTACH before");
      }
    }
  }
}
