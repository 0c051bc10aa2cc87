package io.understudy.failover.front;

import io.understudy.capture.console.LinkConnection;
import io.understudy.capture.console.LinkFrame;
import io.understudy.capture.console.LinkProtocolException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The link to one node: connects, connects again, and notices silence.
 *
 * <p>Owned by the front's thread; it owns its socket. Trouble of the connection never leaves this
 * class as an exception but as {@link Events#lost}; what the events throw passes through.
 */
final class NodeLink {
  private static final Logger LOG = LoggerFactory.getLogger(NodeLink.class);

  private final Endpoint endpoint;
  private final FrontSettings.Timing timing;
  private final Selector selector;
  private final Executor resolver;
  private final Events events;
  private final Incoming incoming = new Incoming();

  private State state = State.IDLE;
  private long nextTryNanos;
  private long startedNanos;
  private CompletableFuture<InetAddress> resolving;
  private SocketChannel channel;
  private SelectionKey key;
  private LinkConnection connection;
  private boolean hasReceived;
  private long lastReceivedNanos;
  private long lastPingNanos;
  private boolean wasRefusalTold;
  private long roundTripNanos = -1;

  private enum State {
    IDLE,
    RESOLVING,
    CONNECTING,
    UP
  }

  /** What happens on a link; called on the front's thread. */
  interface Events {
    void hello(NodeLink link, LinkFrame.Hello frame);

    void inputAck(NodeLink link, long offset);

    void output(NodeLink link, LinkFrame.Output frame);

    /** The link was up and is not any more. */
    void lost(NodeLink link, LinkLoss loss, String detail);

    void refused(NodeLink link, String detail);
  }

  NodeLink(
      Endpoint endpoint,
      FrontSettings.Timing timing,
      Selector selector,
      Executor resolver,
      Events events) {
    this.endpoint = endpoint;
    this.timing = timing;
    this.selector = selector;
    this.resolver = resolver;
    this.events = events;
    this.nextTryNanos = System.nanoTime();
  }

  Endpoint endpoint() {
    return endpoint;
  }

  /** Last measured round trip, -1 if none yet. */
  long roundTripNanos() {
    return roundTripNanos;
  }

  /** Queues a frame; only while the link is up. */
  void send(LinkFrame frame) {
    connection.send(frame);
  }

  /** When {@link #step} has something to do, as far as no socket tells. */
  long nextNanos(long nowNanos) {
    return state == State.IDLE ? nextTryNanos : nowNanos + timing.pingInterval().toNanos();
  }

  /** Does what time demands. */
  void step(long nowNanos) {
    switch (state) {
      case IDLE -> {
        if (nowNanos - nextTryNanos >= 0) {
          resolve(nowNanos);
        }
      }
      case RESOLVING -> {
        if (resolving.isDone()) {
          connect();
        }
      }
      case CONNECTING -> {
        if (nowNanos - startedNanos > timing.silenceTimeout().toNanos()) {
          connectFailed(new IOException("no answer within " + timing.silenceTimeout()));
        }
      }
      case UP -> checkAlive(nowNanos);
    }
  }

  /** The selector says that something is possible. */
  void ready() {
    if (!key.isValid()) {
      return;
    }
    if (state == State.CONNECTING) {
      finishConnect();
    } else if (state == State.UP && key.isReadable()) {
      receive();
    }
  }

  /** Writes what the socket takes. */
  void flush() {
    if (state != State.UP) {
      return;
    }
    try {
      boolean isDone = connection.flush();
      int interest = SelectionKey.OP_READ | (isDone ? 0 : SelectionKey.OP_WRITE);
      if (key.interestOps() != interest) {
        key.interestOps(interest);
      }
    } catch (IOException gone) {
      drop(LinkLoss.CLOSED, "connection lost: " + gone.getMessage());
    }
  }

  /** Ends the connection, if there is one, and plans the next. */
  void drop(LinkLoss loss, String detail) {
    boolean wasUp = state == State.UP;
    close();
    nextTryNanos = System.nanoTime() + delay(loss).toNanos();
    if (wasUp) {
      LOG.info("link ends: node={} loss={}: {}", endpoint, loss, detail);
      events.lost(this, loss, detail);
    }
  }

  /** Says why, as far as the socket takes it at once, and closes. */
  void dismiss(String reason) {
    if (state == State.UP) {
      try {
        connection.send(new LinkFrame.Goodbye(reason));
        connection.flush();
      } catch (IOException gone) {
        LOG.debug("GOODBYE could not be sent: node={}", endpoint, gone);
      }
    }
    close();
  }

  private Duration delay(LinkLoss loss) {
    return switch (loss) {
      // A peer that closes without a word would be connected to in a tight loop otherwise.
      case CLOSED, SILENT -> hasReceived ? Duration.ZERO : timing.reconnectDelay();
      case GOODBYE, REMOVED -> timing.reconnectDelay();
      case PROTOCOL, SUPERSEDED -> timing.refusedDelay();
    };
  }

  private void close() {
    state = State.IDLE;
    resolving = null;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException gone) {
        LOG.debug("closing a link that was gone: node={}", endpoint, gone);
      }
      channel = null;
    }
  }

  private void resolve(long nowNanos) {
    startedNanos = nowNanos;
    state = State.RESOLVING;
    CompletableFuture<InetAddress> lookup =
        isLiteral(endpoint.host())
            ? CompletableFuture.completedFuture(null).thenApply(nothing -> address())
            : CompletableFuture.supplyAsync(this::address, resolver);
    resolving = lookup.whenComplete((address, failure) -> selector.wakeup());
    if (resolving.isDone()) {
      connect();
    }
  }

  /** A numeric address is never looked up, and must not wait for a name that is. */
  private static boolean isLiteral(String host) {
    return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }

  private InetAddress address() {
    try {
      return InetAddress.getByName(endpoint.host());
    } catch (UnknownHostException unknown) {
      throw new CompletionException(unknown);
    }
  }

  private void connect() {
    try {
      InetSocketAddress address = new InetSocketAddress(resolving.join(), endpoint.port());
      resolving = null;
      state = State.CONNECTING;
      channel = SocketChannel.open();
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      boolean isConnected = channel.connect(address);
      key =
          channel.register(selector, isConnected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT);
      key.attach(this);
      if (isConnected) {
        connected();
      }
    } catch (IOException | CompletionException | UnresolvedAddressException failed) {
      connectFailed(failed);
    }
  }

  private void finishConnect() {
    try {
      if (channel.finishConnect()) {
        connected();
      }
    } catch (IOException failed) {
      connectFailed(failed);
    }
  }

  private void connected() {
    connection = new LinkConnection(channel);
    state = State.UP;
    long now = System.nanoTime();
    hasReceived = false;
    lastReceivedNanos = now;
    lastPingNanos = now;
    wasRefusalTold = false;
    roundTripNanos = -1;
    key.interestOps(SelectionKey.OP_READ);
    LOG.debug("link is up: node={}", endpoint);
  }

  private void connectFailed(Exception failure) {
    close();
    nextTryNanos = System.nanoTime() + timing.reconnectDelay().toNanos();
    LOG.debug("connect failed: node={}", endpoint, failure);
    String message = String.valueOf(failure.getMessage());
    // A host that is gone gives the same class of exception, but another message (strerror).
    boolean isRefused = failure instanceof ConnectException && message.contains("refused");
    if (isRefused && !wasRefusalTold) {
      wasRefusalTold = true;
      events.refused(this, message);
    }
  }

  private void receive() {
    try {
      int count = connection.receive();
      if (count < 0) {
        drop(LinkLoss.CLOSED, "closed by the node");
        return;
      }
      if (count > 0) {
        hasReceived = true;
        lastReceivedNanos = System.nanoTime();
      }
    } catch (IOException gone) {
      drop(LinkLoss.CLOSED, "connection lost: " + gone.getMessage());
      return;
    }
    try {
      takeFrames();
    } catch (LinkProtocolException violation) {
      dismissFor(violation);
    }
  }

  private void dismissFor(LinkProtocolException violation) {
    if (state == State.UP) {
      connection.send(new LinkFrame.Goodbye(violation.getMessage()));
      flush();
    }
    drop(LinkLoss.PROTOCOL, violation.getMessage());
  }

  private void takeFrames() {
    LinkFrame frame = connection.next();
    while (frame != null) {
      frame.applyTo(incoming);
      // The frame may have ended this link; nothing that follows counts then.
      frame = state == State.UP ? connection.next() : null;
    }
  }

  private void checkAlive(long nowNanos) {
    if (nowNanos - lastReceivedNanos > timing.silenceTimeout().toNanos()) {
      drop(LinkLoss.SILENT, "silent for longer than " + timing.silenceTimeout());
    } else if (nowNanos - lastPingNanos >= timing.pingInterval().toNanos()) {
      lastPingNanos = nowNanos;
      connection.send(new LinkFrame.Ping(nowNanos));
    }
  }

  /** What the node says. */
  private final class Incoming implements LinkFrame.Handler {
    @Override
    public void onHello(LinkFrame.Hello frame) {
      events.hello(NodeLink.this, frame);
    }

    @Override
    public void onInputAck(LinkFrame.InputAck frame) {
      events.inputAck(NodeLink.this, frame.offset());
    }

    @Override
    public void onOutput(LinkFrame.Output frame) {
      events.output(NodeLink.this, frame);
    }

    @Override
    public void onPing(LinkFrame.Ping frame) {
      connection.send(new LinkFrame.Pong(frame.clockNanos()));
    }

    @Override
    public void onPong(LinkFrame.Pong frame) {
      roundTripNanos = Math.max(0, System.nanoTime() - frame.clockNanos());
    }

    @Override
    public void onGoodbye(LinkFrame.Goodbye frame) {
      drop(LinkLoss.GOODBYE, frame.reason());
    }

    @Override
    public void onAttach(LinkFrame.Attach frame) {
      throw new LinkProtocolException("ATTACH is the front's");
    }

    @Override
    public void onInput(LinkFrame.Input frame) {
      throw new LinkProtocolException("INPUT is the front's");
    }

    @Override
    public void onOutputAck(LinkFrame.OutputAck frame) {
      throw new LinkProtocolException("OUTPUT_ACK is the front's");
    }
  }
}
