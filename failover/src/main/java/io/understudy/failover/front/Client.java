package io.understudy.failover.front;

import io.understudy.capture.console.ByteQueue;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection.
 *
 * <p>Owned by the front's thread; it owns its socket. Replies are buffered up to a bound. A client
 * is ended in good order by {@link #finish}: its replies are written, then the sending side is
 * closed, then what the client still sends is read and dropped until it closes too. (Closing a
 * socket with unread data resets the connection and could destroy replies on the way: RFC 1122,
 * 4.2.2.13.)
 */
final class Client {
  private static final Logger LOG = LoggerFactory.getLogger(Client.class);

  /** How long a client may take to close after everything was delivered. */
  private static final Duration LINGER = Duration.ofSeconds(2);

  private final SocketChannel channel;
  private final SelectionKey key;
  private final Wire wire;
  private final String peer;
  private final int bufferBytes;
  private final ByteQueue outgoing = new ByteQueue();
  private boolean hasEnded;
  private boolean isFinishing;
  private boolean isShutDown;
  private boolean isOpen = true;
  private boolean isSettled;
  private long progressNanos;

  /**
   * Takes ownership of {@code channel}.
   *
   * @param wire on that channel
   */
  Client(SocketChannel channel, Wire wire, SelectionKey key, String peer, int bufferBytes) {
    this.channel = channel;
    this.wire = wire;
    this.key = key;
    this.peer = peer;
    this.bufferBytes = bufferBytes;
    this.progressNanos = System.nanoTime();
  }

  boolean isOpen() {
    return isOpen;
  }

  /** True once the client has closed its sending side. */
  boolean hasEnded() {
    return hasEnded;
  }

  boolean isFinishing() {
    return isFinishing;
  }

  /** Whether it may send and receive; a client that may not yet is none to anybody else. */
  boolean isSettled() {
    return isSettled;
  }

  /** Settles how its bytes flow; true when that has just been done. */
  boolean settle() throws IOException {
    if (isSettled || !wire.settle()) {
      return false;
    }
    isSettled = true;
    return true;
  }

  /** Whether it has sent something that no selector tells of. */
  boolean hasMore() {
    return wire.hasMore();
  }

  /** Queues bytes; false, and the connection is closed, if the client reads too slowly. */
  boolean send(byte[] bytes) {
    if (!isOpen || isFinishing) {
      return true;
    }
    if (outgoing.size() + bytes.length > bufferBytes) {
      LOG.warn("client does not read and is disconnected: peer={} bytes={}", peer, outgoing.size());
      abort();
      return false;
    }
    if (outgoing.isEmpty()) {
      progressNanos = System.nanoTime();
    }
    outgoing.add(bytes);
    return true;
  }

  /** Delivers what is queued, then closes. */
  void finish() {
    if (!isFinishing) {
      isFinishing = true;
      progressNanos = System.nanoTime();
    }
  }

  /** Reads what has arrived into {@code target}; null at the end of the client's stream. */
  byte[] receive(ByteBuffer target) throws IOException {
    int count = wire.read(target.clear());
    if (count < 0) {
      hasEnded = true;
      return null;
    }
    byte[] bytes = new byte[count];
    target.flip().get(bytes);
    return bytes;
  }

  /** Writes what the socket takes and returns how many bytes that was. */
  int flush() throws IOException {
    int written = wire.write(outgoing);
    if (written > 0) {
      progressNanos = System.nanoTime();
    }
    if (isFinishing && outgoing.isEmpty() && wire.isFlushed()) {
      if (hasEnded) {
        close();
      } else if (!isShutDown) {
        isShutDown = true;
        wire.shutdownOutput();
      }
    }
    return written;
  }

  /** Sets what the selector reports; {@code mayRead} is the front's back-pressure. */
  void updateInterest(boolean mayRead) {
    boolean reads = !hasEnded && (mayRead || isFinishing);
    int interest = wire.interest(reads, !outgoing.isEmpty());
    if (key.interestOps() != interest) {
      key.interestOps(interest);
    }
  }

  /** True if this connection had its time: it is not settled, or finishing, and nothing moves. */
  boolean isOverdue(long nowNanos, Duration drain) {
    Duration limit = isShutDown ? LINGER : drain;
    return (isFinishing || !isSettled) && nowNanos - progressNanos > limit.toNanos();
  }

  /** Closes after everything was written. */
  void close() {
    isOpen = false;
    try {
      wire.close();
    } catch (IOException gone) {
      LOG.debug("closing a client that was gone: peer={}", peer, gone);
    }
  }

  /** Closes at once; what is queued is lost and the client can tell. */
  void abort() {
    isOpen = false;
    outgoing.clear();
    try (channel) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException gone) {
      LOG.debug("aborting a client that was gone: peer={}", peer, gone);
    }
  }

  @Override
  public String toString() {
    return peer;
  }
}
