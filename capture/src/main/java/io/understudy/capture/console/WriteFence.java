package io.understudy.capture.console;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every byte to a front must pass, and what lets nothing pass any more once it is closed.
 *
 * <p>After {@link #close} has returned not one byte is written to any channel: each {@linkplain
 * #write write} happens under a lock that closing takes, so closing waits for the one under way,
 * and what the kernel still had buffered is discarded by an abortive close of the channels.
 *
 * <p>Safe for any thread.
 */
final class WriteFence {
  private static final Logger LOG = LoggerFactory.getLogger(WriteFence.class);

  /** Held for each write and while closing; guards {@code closed}. */
  private final ReentrantLock writing = new ReentrantLock();

  private boolean closed;
  private final Set<SocketChannel> channels = ConcurrentHashMap.newKeySet();

  /** Something that writes to a channel. */
  @FunctionalInterface
  interface Write {
    void run() throws IOException;
  }

  /** Takes charge of {@code channel}: it is aborted when the fence closes, at once if it has. */
  void admit(SocketChannel channel) {
    channels.add(channel);
    // close() may have looked at the set before the line above.
    if (isClosed()) {
      abort(channel);
    }
  }

  /** Lets go of a channel that its owner closes. */
  void forget(SocketChannel channel) {
    channels.remove(channel);
  }

  /**
   * Runs {@code write} unless the fence is closed.
   *
   * @return false if it is closed; nothing was run
   */
  boolean write(Write write) throws IOException {
    writing.lock();
    try {
      if (closed) {
        return false;
      }
      write.run();
      return true;
    } finally {
      writing.unlock();
    }
  }

  /**
   * Closes for good.
   *
   * @return false if it was closed before
   */
  boolean close() {
    writing.lock();
    try {
      if (closed) {
        return false;
      }
      closed = true;
      for (SocketChannel channel : channels) {
        abort(channel);
      }
      return true;
    } finally {
      writing.unlock();
    }
  }

  boolean isClosed() {
    writing.lock();
    try {
      return closed;
    } finally {
      writing.unlock();
    }
  }

  /** Closes so that what the kernel has buffered is discarded (SO_LINGER 0: RST instead of FIN). */
  static void abort(SocketChannel channel) {
    try (channel) {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    } catch (IOException gone) {
      LOG.debug("aborting a connection that was gone", gone);
    }
  }
}
