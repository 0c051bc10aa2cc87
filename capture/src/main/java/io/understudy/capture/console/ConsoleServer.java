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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
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
 * socket: each write happens under a lock that stop takes, and what the kernel still had buffered
 * is discarded by an abortive close.
 *
 * <p>An unexpected exception on the network thread stops the server and is given to the handler
 * passed to {@link #open}; trouble with one connection closes that connection only.
 */
public final class ConsoleServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConsoleServer.class);

  /** Fronts are few; more connections than this are somebody else's. */
  private static final int SESSIONS_MAX = 16;

  /** No more output is queued for a connection that has this much waiting. */
  private static final int PENDING_BYTES_MAX = 256 * 1024;

  /** How often a full sink is asked again. */
  private static final long SINK_RETRY_MILLIS = 1;

  private final ConsoleSettings settings;
  private final OutputBuffer output;
  private final Consumer<Throwable> onFatal;
  private final Selector selector;
  private final ServerSocketChannel listener;
  private final InetSocketAddress address;
  private final Thread network;

  /** Held for each write to a socket and by {@link #stop}; guards {@code stopped}. */
  private final ReentrantLock writing = new ReentrantLock();

  private boolean stopped;
  private final Set<SocketChannel> channels = ConcurrentHashMap.newKeySet();

  private final AtomicLong inputCommitted = new AtomicLong();
  private volatile LiveConsole live;
  private volatile String finishing;
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean isAttached;

  // Owned by the network thread.
  private final List<FrontSession> sessions = new ArrayList<>();
  private FrontSession attached;
  private long inputNext;
  private boolean inputNextKnown;

  private ConsoleServer(
      ConsoleSettings settings,
      OutputBuffer output,
      Consumer<Throwable> onFatal,
      Selector selector,
      ServerSocketChannel listener)
      throws IOException {
    this.settings = settings;
    this.output = output;
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
    return isAttached;
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
    Objects.requireNonNull(console, "console");
    writing.lock();
    try {
      if (live != null) {
        throw new IllegalStateException(
            "console is live already: vm=" + settings.vm() + " term=" + live.term());
      }
      inputCommitted.set(console.inputOffset());
      output.commit(console.outputOffset());
      live = console;
    } finally {
      writing.unlock();
    }
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
    long before = inputCommitted.getAndSet(inputOffset);
    if (inputOffset < before) {
      throw new IllegalStateException(
          "committed input cannot shrink: before=" + before + " inputOffset=" + inputOffset);
    }
    output.commit(outputOffset);
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
    writing.lock();
    try {
      if (stopped) {
        return;
      }
      stopped = true;
      for (SocketChannel channel : channels) {
        abort(channel);
      }
    } finally {
      writing.unlock();
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
      while (!isStopped()) {
        runOnce();
      }
    } catch (IOException | RuntimeException | Error failure) {
      stop("network thread failed: " + failure);
      onFatal.accept(failure);
    } finally {
      closeAll();
    }
  }

  private boolean isStopped() {
    writing.lock();
    try {
      return stopped;
    } finally {
      writing.unlock();
    }
  }

  private void runOnce() throws IOException {
    selector.select(this::ready, selectTimeoutMillis());
    long now = System.nanoTime();
    for (FrontSession session : List.copyOf(sessions)) {
      attempt(session, () -> welcome(session));
      attempt(session, () -> takeFrames(session));
    }
    if (attached != null) {
      FrontSession session = attached;
      attempt(session, () -> serve(session));
    }
    for (FrontSession session : List.copyOf(sessions)) {
      attempt(session, () -> checkAlive(session, now));
      attempt(session, () -> flush(session));
    }
    finishWhenDelivered();
  }

  private long selectTimeoutMillis() {
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
      channels.add(channel);
      // stop() may have looked at the set before the line above.
      if (isStopped()) {
        abort(channel);
      }
    } catch (IOException failed) {
      LOG.warn("console could not accept a connection: vm={}", settings.vm(), failed);
      if (channel != null) {
        abort(channel);
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

  private void welcome(FrontSession session) {
    LiveConsole console = live;
    if (console == null || session.hello != null) {
      return;
    }
    if (!inputNextKnown) {
      inputNext = console.inputOffset();
      inputNextKnown = true;
    }
    session.hello =
        new LinkFrame.Hello(
            settings.vm(),
            console.run(),
            console.term(),
            inputNext,
            Math.min(inputCommitted.get(), inputNext),
            output.start(),
            output.committed());
    session.connection.send(session.hello);
  }

  private void takeFrames(FrontSession session) {
    Incoming incoming = new Incoming(session);
    while (session.isOpen() && offerParked(session)) {
      LinkFrame frame = session.connection.next();
      if (frame == null) {
        break;
      }
      frame.applyTo(incoming);
    }
    if (session.isOpen()) {
      session.key.interestOps(interest(session));
    }
  }

  /** False while the sink is full. */
  private boolean offerParked(FrontSession session) {
    LinkFrame.Input input = session.parked;
    if (input == null) {
      return true;
    }
    if (!live.sink().offer(input.offset(), input.bytes())) {
      return false;
    }
    session.parked = null;
    inputNext = input.end();
    // While nothing was read the front could not be heard.
    session.lastReceivedNanos = System.nanoTime();
    return true;
  }

  private static int interest(FrontSession session) {
    return (session.parked == null ? SelectionKey.OP_READ : 0)
        | (session.connection.pendingBytes() > 0 ? SelectionKey.OP_WRITE : 0);
  }

  private void serve(FrontSession session) {
    // Committed input that this node has not received through the link does not exist; the minimum
    // only covers the moment between the sink taking a message and inputNext moving on.
    long acknowledged = Math.min(inputCommitted.get(), inputNext);
    if (acknowledged > session.inputAcked) {
      session.inputAcked = acknowledged;
      session.connection.send(new LinkFrame.InputAck(acknowledged));
    }
    while (session.connection.pendingBytes() < PENDING_BYTES_MAX) {
      byte[] bytes = output.read(session.outputNext, LinkFrame.OUTPUT_BYTES_MAX);
      if (bytes.length == 0) {
        break;
      }
      session.connection.send(new LinkFrame.Output(session.outputNext, bytes));
      session.outputNext += bytes.length;
    }
  }

  private void checkAlive(FrontSession session, long now) {
    if (now - session.lastPingNanos >= settings.pingInterval().toNanos()) {
      session.lastPingNanos = now;
      session.connection.send(new LinkFrame.Ping(now));
    }
    if (session.parked == null
        && now - session.lastReceivedNanos > settings.silenceTimeout().toNanos()) {
      dismiss(session, "silent for longer than " + settings.silenceTimeout());
    }
  }

  /** The only place where bytes go to a socket. */
  private void flush(FrontSession session) throws IOException {
    writing.lock();
    try {
      if (stopped) {
        return;
      }
      session.connection.flush();
    } finally {
      writing.unlock();
    }
    session.key.interestOps(interest(session));
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
    channels.remove(session.channel);
    if (attached == session) {
      attached = null;
      isAttached = false;
    }
  }

  private void closeAll() {
    for (FrontSession session : List.copyOf(sessions)) {
      abort(session.channel);
      forget(session);
    }
    try (selector;
        listener) {
      LOG.debug("console closed: vm={}", settings.vm());
    } catch (IOException failed) {
      LOG.warn("console could not be closed cleanly: vm={}", settings.vm(), failed);
    }
  }

  /** Closes so that what the kernel has buffered is discarded (SO_LINGER 0: RST instead of FIN). */
  private static void abort(SocketChannel channel) {
    try (channel) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException gone) {
      LOG.debug("aborting a connection that was gone", gone);
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

  /** What one front says. */
  private final class Incoming implements LinkFrame.Handler {
    private final FrontSession session;

    Incoming(FrontSession session) {
      this.session = session;
    }

    @Override
    public void onAttach(LinkFrame.Attach frame) {
      if (session.hello == null || session.front != null) {
        throw new LinkProtocolException("ATTACH must follow HELLO, once");
      }
      // The attached front's input that is not taken yet is not part of inputNext: it will be sent
      // again if that front is still the one.
      if (frame.inputFrom() != inputNext
          || frame.outputFrom() < output.start()
          || frame.outputFrom() > output.committed()) {
        dismiss(
            session,
            "ATTACH does not fit: inputFrom="
                + frame.inputFrom()
                + " inputNext="
                + inputNext
                + " outputFrom="
                + frame.outputFrom()
                + " outputStart="
                + output.start()
                + " outputReleased="
                + output.committed());
        return;
      }
      if (attached != null) {
        dismiss(attached, "replaced by front " + frame.front());
      }
      session.front = frame.front();
      session.outputNext = frame.outputFrom();
      session.inputAcked = Math.min(inputCommitted.get(), inputNext);
      session.connection.send(new LinkFrame.InputAck(session.inputAcked));
      attached = session;
      isAttached = true;
      LOG.info(
          "front is attached: vm={} front={} peer={} inputFrom={} outputFrom={}",
          settings.vm(),
          frame.front(),
          session.peer,
          frame.inputFrom(),
          frame.outputFrom());
    }

    @Override
    public void onInput(LinkFrame.Input frame) {
      requireAttached("INPUT");
      if (frame.offset() != inputNext) {
        throw new LinkProtocolException(
            "INPUT out of order: expected=" + inputNext + " offset=" + frame.offset());
      }
      if (frame.end() - inputCommitted.get() > LinkFrame.INPUT_WINDOW_BYTES) {
        throw new LinkProtocolException(
            "too much INPUT without acknowledgement: committed="
                + inputCommitted.get()
                + " end="
                + frame.end());
      }
      session.parked = frame;
    }

    @Override
    public void onOutputAck(LinkFrame.OutputAck frame) {
      requireAttached("OUTPUT_ACK");
      if (frame.offset() > session.outputNext) {
        throw new LinkProtocolException(
            "OUTPUT_ACK of what was not sent: sent="
                + session.outputNext
                + " offset="
                + frame.offset());
      }
      output.prune(frame.offset());
    }

    @Override
    public void onPing(LinkFrame.Ping frame) {
      session.connection.send(new LinkFrame.Pong(frame.clockNanos()));
    }

    @Override
    public void onPong(LinkFrame.Pong frame) {
      // Its arrival was the message.
    }

    @Override
    public void onGoodbye(LinkFrame.Goodbye frame) {
      drop(session, "front says goodbye: " + frame.reason());
    }

    @Override
    public void onHello(LinkFrame.Hello frame) {
      throw new LinkProtocolException("HELLO is the node's");
    }

    @Override
    public void onInputAck(LinkFrame.InputAck frame) {
      throw new LinkProtocolException("INPUT_ACK is the node's");
    }

    @Override
    public void onOutput(LinkFrame.Output frame) {
      throw new LinkProtocolException("OUTPUT is the node's");
    }

    private void requireAttached(String frame) {
      if (attached != session) {
        throw new LinkProtocolException(frame + " needs an ATTACH before");
      }
    }
  }
}
