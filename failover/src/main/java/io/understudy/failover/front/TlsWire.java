package io.understudy.failover.front;

import io.understudy.capture.console.ByteQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tlschannel.NeedsReadException;
import tlschannel.NeedsWriteException;
import tlschannel.ServerTlsChannel;
import tlschannel.TlsChannel;

/** The client's bytes over TLS. */
final class TlsWire implements Wire {
  private static final Logger LOG = LoggerFactory.getLogger(TlsWire.class);
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private final TlsChannel tls;
  private boolean isSettled;
  private boolean hasMore;
  private boolean isShutDown;

  /** What keeps TLS from going on, whatever the client's bytes do. */
  private boolean needsRead;

  private boolean needsWrite;

  /** Takes ownership of {@code channel}, on which nothing was read or written. */
  TlsWire(SocketChannel channel, FrontTls settings) {
    this.channel = channel;
    this.tls =
        ServerTlsChannel.newBuilder(channel, settings.context())
            .withEngineFactory(context -> settings.engine())
            .build();
  }

  @Override
  public boolean settle() throws IOException {
    if (!isSettled) {
      try {
        tls.handshake();
        isSettled = true;
        needsRead = false;
        needsWrite = false;
        // The client may have sent its first bytes right behind its part of the handshake.
        hasMore = true;
      } catch (NeedsReadException more) {
        needsRead = true;
        needsWrite = false;
      } catch (NeedsWriteException full) {
        needsRead = false;
        needsWrite = true;
      }
    }
    return isSettled;
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (isShutDown) {
      // Nobody wants these bytes, and TLS does not decrypt any behind its own end.
      return channel.read(target);
    }
    int read = 0;
    while (target.hasRemaining()) {
      try {
        needsRead = false;
        int count = tls.read(target);
        if (count < 0) {
          hasMore = read > 0;
          return read > 0 ? read : -1;
        }
        read += count;
      } catch (NeedsReadException more) {
        hasMore = false;
        return read;
      } catch (NeedsWriteException full) {
        needsWrite = true;
        hasMore = false;
        return read;
      }
    }
    hasMore = true;
    return read;
  }

  @Override
  public boolean hasMore() {
    return hasMore;
  }

  @Override
  public int write(ByteQueue bytes) throws IOException {
    if (bytes.isEmpty()) {
      if (needsWrite) {
        encrypt(NOTHING);
      }
      return 0;
    }
    return bytes.writeTo(
        new WritableByteChannel() {
          @Override
          public int write(ByteBuffer source) throws IOException {
            return encrypt(source);
          }

          @Override
          public boolean isOpen() {
            return channel.isOpen();
          }

          @Override
          public void close() {
            throw new UnsupportedOperationException("the wire is closed by its client");
          }
        });
  }

  /** How many bytes of {@code source} are encrypted; the last of them may not have left yet. */
  private int encrypt(ByteBuffer source) throws IOException {
    int before = source.position();
    try {
      tls.write(source);
      needsWrite = false;
    } catch (NeedsWriteException full) {
      needsWrite = true;
    } catch (NeedsReadException more) {
      needsRead = true;
    }
    return source.position() - before;
  }

  @Override
  public boolean isFlushed() {
    return !needsWrite;
  }

  @Override
  public int interest(boolean wantsRead, boolean wantsWrite) {
    boolean reads = needsRead || (wantsRead && isSettled);
    boolean writes = needsWrite || (wantsWrite && isSettled && !needsRead);
    return (reads ? SelectionKey.OP_READ : 0) | (writes ? SelectionKey.OP_WRITE : 0);
  }

  @Override
  public void shutdownOutput() throws IOException {
    sayEnd();
    isShutDown = true;
    channel.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      if (!isShutDown && isSettled) {
        sayEnd();
      }
    }
  }

  /** All was written, so the socket has room for these few bytes; if not, the client sees why. */
  private void sayEnd() {
    try {
      tls.shutdown();
    } catch (IOException gone) {
      LOG.debug("a client was not told that its stream ends", gone);
    }
  }
}
