package io.understudy.capture.console;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's side of the console link's protocol: who is attached, which input comes next, what is
 * said to a front and what its frames mean. Queues frames; sockets are {@link ConsoleServer}'s
 * business.
 *
 * <p>Owned by the network thread, but for {@link #goLive}, {@link #committed} and {@link
 * #isAttached}, which any thread may call.
 */
final class FrontDialogue {
  private static final Logger LOG = LoggerFactory.getLogger(FrontDialogue.class);

  /** No more output is queued for a connection that has this much waiting. */
  private static final int PENDING_BYTES_MAX = 256 * 1024;

  /** A peer that asks, and reads so little of what it is told, is no front. */
  private static final int PENDING_BYTES_BOUND = 2 * PENDING_BYTES_MAX;

  /** How a connection ends; called on the network thread. */
  interface Ending {
    /** Says why, as far as the socket takes it at once, and closes. */
    void dismiss(FrontSession session, String reason);

    /** Closes without another word. */
    void drop(FrontSession session, String reason);
  }

  private final ConsoleSettings settings;
  private final OutputBuffer output;
  private final Ending ending;

  private final ReentrantLock goingLive = new ReentrantLock();
  private final AtomicLong inputCommitted = new AtomicLong();
  private volatile LiveConsole live;
  private volatile boolean isAttached;

  // Owned by the network thread.
  private FrontSession attached;
  private long inputNext;
  private boolean inputNextKnown;

  FrontDialogue(ConsoleSettings settings, OutputBuffer output, Ending ending) {
    this.settings = settings;
    this.output = output;
    this.ending = ending;
  }

  /** See {@link ConsoleServer#goLive}. */
  void goLive(LiveConsole console) {
    Objects.requireNonNull(console, "console");
    goingLive.lock();
    try {
      if (live != null) {
        throw new IllegalStateException(
            "console is live already: vm=" + settings.vm() + " term=" + live.term());
      }
      inputCommitted.set(console.inputOffset());
      output.commit(console.outputOffset());
      live = console;
    } finally {
      goingLive.unlock();
    }
  }

  /** See {@link ConsoleServer#committed}. */
  void committed(long inputOffset, long outputOffset) {
    long before = inputCommitted.getAndSet(inputOffset);
    if (inputOffset < before) {
      throw new IllegalStateException(
          "committed input cannot shrink: before=" + before + " inputOffset=" + inputOffset);
    }
    output.commit(outputOffset);
  }

  /** Whether a front is attached. */
  boolean isAttached() {
    return isAttached;
  }

  /** The attached front, or null. */
  FrontSession attached() {
    return attached;
  }

  /** The connection of {@code session} is gone. */
  void forget(FrontSession session) {
    if (attached == session) {
      attached = null;
      isAttached = false;
    }
  }

  /** Says HELLO to a front that has not got one, once the node is live. */
  void welcome(FrontSession session) {
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

  /**
   * Does what the received frames ask for, as far as the sink has room.
   *
   * @throws LinkProtocolException if the front must be dismissed
   */
  void takeFrames(FrontSession session) {
    Incoming incoming = new Incoming(session);
    while (session.isOpen() && offerParked(session)) {
      LinkFrame frame = session.connection.next();
      if (frame == null) {
        break;
      }
      frame.applyTo(incoming);
    }
    if (session.isOpen()) {
      session.updateInterest();
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

  /** Queues acknowledgements and committed output for the attached front. */
  void serve(FrontSession session) {
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

  /** Asks the front now and then whether it is there, and dismisses it when it is not. */
  void checkAlive(FrontSession session, long nowNanos) {
    if (nowNanos - session.lastPingNanos >= settings.pingInterval().toNanos()) {
      session.lastPingNanos = nowNanos;
      session.connection.send(new LinkFrame.Ping(nowNanos));
    }
    if (session.parked == null
        && nowNanos - session.lastReceivedNanos > settings.silenceTimeout().toNanos()) {
      ending.dismiss(session, "silent for longer than " + settings.silenceTimeout());
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
        ending.dismiss(
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
        ending.dismiss(attached, "replaced by front " + frame.front());
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
      if (session.connection.pendingBytes() > PENDING_BYTES_BOUND) {
        throw new LinkProtocolException("PING without reading what was sent");
      }
      session.connection.send(new LinkFrame.Pong(frame.clockNanos()));
    }

    @Override
    public void onPong(LinkFrame.Pong frame) {
      // Its arrival was the message.
    }

    @Override
    public void onGoodbye(LinkFrame.Goodbye frame) {
      ending.drop(session, "front says goodbye: " + frame.reason());
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
