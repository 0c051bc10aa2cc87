package io.understudy.capture.console;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's end of the console link: hands committed output to the one attached front and its
 * input to the guest.
 *
 * <p>It listens from the start; fronts connect ahead and get their HELLO when the node {@linkplain
 * #goLive goes live}. One front is attached at a time; a newer ATTACH replaces the older.
 *
 * <p><strong>Threads.</strong> One network thread owns the selector, all connections and the input
 * offset. The other methods may be called by any thread; intended are: {@link #transmitted} by the
 * vCPU thread, {@link #committed} by the committer thread. None of them does network I/O.
 *
 * <p><strong>Fencing.</strong> After {@link #stop} has returned not one byte is written to any
 * socket; see {@link WriteFence}.
 *
 * <p>An unexpected exception on the network thread stops the server and is given to the handler
 * passed to {@link #open}; trouble with one connection closes that connection only.
 */
public final class ConsoleServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConsoleServer.class);

  /** Fronts are few; more connections than this are somebody else's. */
  private static final int SESSIONS_MAX = 16;

  /** How often a full sink is asked again. */
  private static final long SINK_RETRY_MILLIS = 1;

  private static final long ATTACH_POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final ConsoleSettings settings;
  private final OutputBuffer output;
  private final Consumer<Throwable> onFatal;
  private final Selector selector;
  private final ServerSocketChannel listener;
  private final InetSocketAddress address;
  private final Thread network;

  private final WriteFence fence = new WriteFence();
  private final FrontDialogue dialogue;

  private volatile String finishing;
  private final CountDownLatch finished = new CountDownLatch(1);

  /** Owned by the network thread. */
  private final List<FrontSession> sessions = new ArrayList<>();

  private ConsoleServer(
      ConsoleSettings settings,
      OutputBuffer output,
      Consumer<Throwable> onFatal,
      Selector selector,
      ServerSocketChannel listener)
      throws IOException {
    this.settings = settings;
    this.output = output;
    this.dialogue = new FrontDialogue(settings, output, new Ending());
    this.onFatal = onFatal;
    this.selector = selector;
    this.listener = listener;
    this.address = (InetSocketAddress) listener.getLocalAddress();
    this.network = new Thread(this::run, "console-server-" + settings.vm());
    network.setDaemon(true);
  }

  /**
   * Binds the listening socket; {@link #start} must follow.
   *
   * @param output the guest's output; stays the caller's
   * @param onFatal told, on the network thread, why the server had to stop by itself
   * @throws UncheckedIOException if the address cannot be bound
   */
  public static ConsoleServer open(
      ConsoleSettings settings, OutputBuffer output, Consumer<Throwable> onFatal) {
    Objects.requireNonNull(output, "output");
    Objects.requireNonNull(onFatal, "onFatal");
    Selector selector = null;
    ServerSocketChannel listener = null;
    try {
      selector = Selector.open();
      listener = ServerSocketChannel.open();
      listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      listener.bind(settings.listen());
      listener.configureBlocking(false);
      listener.register(selector, SelectionKey.OP_ACCEPT);
      return new ConsoleServer(settings, output, onFatal, selector, listener);
    } catch (IOException cannotBind) {
      UncheckedIOException failure =
          new UncheckedIOException(
              "console cannot listen: vm=" + settings.vm() + " address=" + settings.listen(),
              cannotBind);
      closeSuppressed(listener, failure);
      closeSuppressed(selector, failure);
      throw failure;
    }
  }

  /** Starts the network thread. */
  public void start() {
    network.start();
  }

  /** Where fronts connect to, with the real port. */
  public InetSocketAddress address() {
    return address;
  }

  /** The guest's output. */
  public OutputBuffer output() {
    return output;
  }

  /** True while a front is attached. */
  public boolean isAttached() {
    return dialogue.isAttached();
  }

  /**
   * Waits for a front.
   *
   * @return whether one is attached
   */
  public boolean awaitAttached(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!isAttached()
        && System.nanoTime() - deadline < 0
        && !fence.isClosed()
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(ATTACH_POLL_NANOS);
    }
    return isAttached();
  }

  /** Appends a byte that the guest transmitted; it leaves when {@link #committed} covers it. */
  public void transmitted(byte value) {
    output.append(value);
  }

  /** Appends bytes that the guest transmitted; they leave when {@link #committed} covers them. */
  public void transmitted(byte[] bytes) {
    output.append(bytes);
  }

  /**
   * From now on this node serves: waiting fronts get their HELLO.
   *
   * @throws IllegalStateException if the node is live already
   */
  public void goLive(LiveConsole console) {
    dialogue.goLive(console);
    LOG.info(
        "console is live: vm={} run={} term={} inputOffset={} outputOffset={}",
        settings.vm(),
        console.run(),
        console.term(),
        console.inputOffset(),
        console.outputOffset());
    selector.wakeup();
  }

  /**
   * An epoch is committed: output below {@code outputOffset} may leave, input below {@code
   * inputOffset} is acknowledged. Neither offset may be smaller than before.
   */
  public void committed(long inputOffset, long outputOffset) {
    dialogue.committed(inputOffset, outputOffset);
    selector.wakeup();
  }

  /**
   * Ends the service in good order: waits until the front has acknowledged all committed output,
   * says GOODBYE, and stops.
   *
   * @return false if the front did not take everything within {@code timeout}
   */
  public boolean finish(String reason, Duration timeout) {
    finishing = Objects.requireNonNull(reason, "reason");
    selector.wakeup();
    boolean done = false;
    try {
      done = finished.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    stop(reason);
    return done;
  }

  /**
   * Drops everything and closes at once; after this method has returned not one further byte is
   * written to a socket. Stopping again does nothing.
   *
   * @param reason for the log; the peer sees a reset
   */
  public void stop(String reason) {
    if (!fence.close()) {
      return;
    }
    LOG.info("console stops: vm={} reason={}", settings.vm(), reason);
    selector.wakeup();
    if (network.getState() == Thread.State.NEW) {
      closeAll();
    } else if (Thread.currentThread() != network) {
      joinNetwork();
    }
  }

  /** Same as {@link #stop}. */
  @Override
  public void close() {
    stop("closed");
  }

  /** The selector's owner closes it, and with it the sockets that wait for deregistration. */
  private void joinNetwork() {
    boolean interrupted = false;
    while (network.isAlive()) {
      try {
        network.join();
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
      while (!fence.isClosed()) {
        runOnce();
      }
    } catch (IOException | RuntimeException | Error failure) {
      stop("network thread failed: " + failure);
      onFatal.accept(failure);
    } finally {
      closeAll();
    }
  }

  private void runOnce() throws IOException {
    selector.select(this::ready, selectTimeoutMillis());
    long now = System.nanoTime();
    for (FrontSession session : List.copyOf(sessions)) {
      attempt(session, () -> dialogue.welcome(session));
      attempt(session, () -> dialogue.takeFrames(session));
    }
    FrontSession attached = dialogue.attached();
    if (attached != null) {
      attempt(attached, () -> dialogue.serve(attached));
    }
    for (FrontSession session : List.copyOf(sessions)) {
      attempt(session, () -> dialogue.checkAlive(session, now));
      attempt(session, () -> flush(session));
    }
    finishWhenDelivered();
  }

  private long selectTimeoutMillis() {
    FrontSession attached = dialogue.attached();
    boolean waitsForSink = attached != null && attached.parked != null;
    return waitsForSink ? SINK_RETRY_MILLIS : settings.pingInterval().toMillis();
  }

  /** Trouble with one connection ends that connection, not the server. */
  private void attempt(FrontSession session, NetworkStep step) {
    if (!session.isOpen()) {
      forget(session);
      return;
    }
    try {
      step.run();
    } catch (IOException | CancelledKeyException gone) {
      drop(session, "connection lost: " + gone.getMessage());
    } catch (LinkProtocolException violation) {
      dismiss(session, violation.getMessage());
    }
  }

  /** Something that can fail because of one connection. */
  @FunctionalInterface
  private interface NetworkStep {
    void run() throws IOException;
  }

  private void ready(SelectionKey key) {
    if (key.attachment() instanceof FrontSession session) {
      attempt(
          session,
          () -> {
            if (key.isReadable()) {
              receive(session);
            }
          });
    } else {
      accept();
    }
  }

  private void accept() {
    SocketChannel channel = null;
    try {
      channel = listener.accept();
      if (channel == null) {
        return;
      }
      String peer = String.valueOf(channel.getRemoteAddress());
      if (sessions.size() >= SESSIONS_MAX) {
        LOG.warn("console refuses a connection, too many are open: peer={}", peer);
        channel.close();
        return;
      }
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      FrontSession session = new FrontSession(channel, key, peer, System.nanoTime());
      key.attach(session);
      sessions.add(session);
      fence.admit(channel);
    } catch (IOException failed) {
      LOG.warn("console could not accept a connection: vm={}", settings.vm(), failed);
      if (channel != null) {
        WriteFence.abort(channel);
      }
    }
  }

  private void receive(FrontSession session) throws IOException {
    int count = session.connection.receive();
    if (count < 0) {
      drop(session, "closed by the front");
    } else if (count > 0) {
      session.lastReceivedNanos = System.nanoTime();
    }
  }

  /** The only place where bytes go to a socket. */
  private void flush(FrontSession session) throws IOException {
    if (fence.write(session.connection::flush)) {
      session.updateInterest();
    }
  }

  private void finishWhenDelivered() {
    String reason = finishing;
    if (reason == null || finished.getCount() == 0) {
      return;
    }
    if (output.releasedByPeer() >= output.committed()) {
      for (FrontSession session : List.copyOf(sessions)) {
        dismiss(session, reason);
      }
      finished.countDown();
    }
  }

  /** Says why, as far as the socket takes it at once, and closes. */
  private void dismiss(FrontSession session, String reason) {
    session.connection.send(new LinkFrame.Goodbye(reason));
    try {
      flush(session);
    } catch (IOException | CancelledKeyException gone) {
      LOG.debug("GOODBYE could not be sent: peer={}", session.peer, gone);
    }
    drop(session, reason);
  }

  private void drop(FrontSession session, String reason) {
    LOG.info(
        "console connection ends: vm={} peer={} front={} reason={}",
        settings.vm(),
        session.peer,
        session.front,
        reason);
    try {
      session.channel.close();
    } catch (IOException alreadyGone) {
      LOG.debug("closing failed: peer={}", session.peer, alreadyGone);
    }
    forget(session);
  }

  private void forget(FrontSession session) {
    sessions.remove(session);
    fence.forget(session.channel);
    dialogue.forget(session);
  }

  private void closeAll() {
    for (FrontSession session : List.copyOf(sessions)) {
      WriteFence.abort(session.channel);
      forget(session);
    }
    try (selector;
        listener) {
      LOG.debug("console closed: vm={}", settings.vm());
    } catch (IOException failed) {
      LOG.warn("console could not be closed cleanly: vm={}", settings.vm(), failed);
    }
  }

  private static void closeSuppressed(AutoCloseable resource, Exception failure) {
    if (resource != null) {
      try {
        resource.close();
      } catch (Exception second) {
        failure.addSuppressed(second);
      }
    }
  }

  /** How the dialogue ends connections. */
  private final class Ending implements FrontDialogue.Ending {
    @Override
    public void dismiss(FrontSession session, String reason) {
      ConsoleServer.this.dismiss(session, reason);
    }

    @Override
    public void drop(FrontSession session, String reason) {
      ConsoleServer.this.drop(session, reason);
    }
  }
}
