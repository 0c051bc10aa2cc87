package io.understudy.failover.front;

import io.understudy.capture.console.ByteQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tlschannel.NeedsReadException;
import tlschannel.NeedsWriteException;
import tlschannel.ServerTlsChannel;
import tlschannel.TlsChannel;

/**
 * The client's bytes over TLS.
 *
 * <p>Owned by the front's thread. Whatever TLS throws comes as an {@link IOException}, so that it
 * ends one client only.
 */
final class TlsWire implements Wire {
  private static final Logger LOG = LoggerFactory.getLogger(TlsWire.class);
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private final TlsChannel tls;
  private boolean isSettled;
  private boolean hasMore;

  /** Reading stopped, with bytes at hand perhaps, because TLS had to write and could not. */
  private boolean isReadHeld;

  private boolean isShutDown;

  /** What keeps TLS from going on, whatever the client's bytes do. */
  private boolean needsRead;

  private boolean needsWrite;

  /** Takes ownership of {@code channel}, on which nothing was read or written. */
  TlsWire(SocketChannel channel, FrontTls settings) {
    this(
        channel,
        ServerTlsChannel.newBuilder(channel, settings.context())
            .withEngineFactory(context -> settings.engine())
            .build());
  }

  /** With {@code tls} on {@code channel}. */
  TlsWire(SocketChannel channel, TlsChannel tls) {
    this.channel = channel;
    this.tls = tls;
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
      } catch (SSLException refused) {
        sayWhy();
        throw refused;
      } catch (RuntimeException | AssertionError failed) {
        throw broken(failed);
      }
    }
    return isSettled;
  }

  /** Sends the alert with which the handshake ended; once, since nobody waits for this client. */
  private void sayWhy() {
    SSLEngine engine = tls.getSslEngine();
    ByteBuffer alert = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    try {
      engine.wrap(NOTHING, alert);
      channel.write(alert.flip());
    } catch (IOException | RuntimeException gone) {
      LOG.debug("a client was not told why it is refused", gone);
    }
  }

  /**
   * What a failure of TLS itself means here: the end of this client, and of nobody else. What a
   * client sends can bring it about.
   */
  private static IOException broken(Throwable failure) {
    LOG.warn("TLS failed with a client, which is disconnected", failure);
    return new IOException("TLS failed", failure);
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    if (isShutDown) {
      // Nobody wants these bytes, and TLS does not decrypt any behind its own end.
      return channel.read(target);
    }
    try {
      int count = decrypt(target);
      if (!tls.shutdownReceived()) {
        refuseRenegotiation();
      }
      return count;
    } catch (RuntimeException | AssertionError failed) {
      throw broken(failed);
    }
  }

  private int decrypt(ByteBuffer target) throws IOException {
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
        isReadHeld = true;
        return read;
      }
    }
    hasMore = true;
    return read;
  }

  /**
   * A client may ask for another handshake before TLS 1.3. Between its parts TLS takes no bytes,
   * for which the channel would wait in a loop, so it is not to be.
   */
  private void refuseRenegotiation() throws IOException {
    SSLEngine engine = tls.getSslEngine();
    if (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING
        && !engine.getSession().getProtocol().equals("TLSv1.3")) {
      throw new SSLException("a client may not renegotiate");
    }
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

  /**
   * How many bytes of {@code source} are encrypted; the last of them may not have left yet.
   *
   * @throws IOException also if none ever will be, since the client has closed: before TLS 1.3 a
   *     close is one of both directions
   */
  private int encrypt(ByteBuffer source) throws IOException {
    int before = source.position();
    try {
      tls.write(source);
      if (source.hasRemaining()) {
        throw new IOException(
            "the client has closed, and TLS takes nothing more: bytes=" + source.remaining());
      }
      needsWrite = false;
      hasMore |= isReadHeld;
      isReadHeld = false;
    } catch (NeedsWriteException full) {
      needsWrite = true;
    } catch (NeedsReadException more) {
      needsRead = true;
    } catch (RuntimeException | AssertionError failed) {
      throw broken(failed);
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
    hasMore = false;
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
    } catch (IOException | RuntimeException | AssertionError gone) {
      LOG.debug("a client was not told that its stream ends", gone);
    }
  }
}
