package io.understudy.failover.front;

import io.understudy.capture.console.ByteQueue;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * How bytes of one client get through its socket: as they are, or encrypted. Nothing here waits.
 *
 * <p>Owned by the front's thread.
 */
sealed interface Wire permits PlainWire, TlsWire {
  /**
   * Goes on with what has to be settled before the client's bytes can flow; true when it is.
   *
   * @throws IOException if it cannot be settled; the client was told why, if it can be
   */
  boolean settle() throws IOException;

  /** Reads what there is; less than {@code target} has room for if that is all, -1 at the end. */
  int read(ByteBuffer target) throws IOException;

  /** Whether reading may give more although the socket has nothing. */
  boolean hasMore();

  /** Writes what the socket takes and returns how many bytes that was. */
  int write(ByteQueue bytes) throws IOException;

  /** Whether all that was written is in the socket. */
  boolean isFlushed();

  /** What the selector has to watch. */
  int interest(boolean wantsRead, boolean wantsWrite);

  /** Tells the client that nothing more comes; reading gives nothing but the end from then on. */
  void shutdownOutput() throws IOException;

  /** Closes the socket, in good order. */
  void close() throws IOException;
}
