package io.understudy.capture.console;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Frames over one non-blocking TCP connection.
 *
 * <p>Owned by the network thread that uses it. It owns nothing itself: the channel is closed by
 * whoever opened it. {@link #send} only queues, {@link #flush} writes; {@link #receive} only reads,
 * {@link #next} takes frames out, so the owner can stop taking frames (back-pressure) at any time.
 */
public final class LinkConnection {
  private static final int RECEIVE_BUFFER_BYTES = 2 * (Integer.BYTES + LinkCodec.FRAME_BYTES_MAX);

  private final SocketChannel channel;
  private final ByteQueue outgoing = new ByteQueue();

  /** Always in writing mode: bytes [readIndex, position) are received and not yet taken. */
  private final ByteBuffer incoming = ByteBuffer.allocate(RECEIVE_BUFFER_BYTES);

  private int readIndex;

  /** Uses {@code channel}, which must be non-blocking and connected before the first call. */
  public LinkConnection(SocketChannel channel) {
    this.channel = channel;
  }

  /** Queues {@code frame}. */
  public void send(LinkFrame frame) {
    outgoing.add(LinkCodec.encode(frame));
  }

  /** Bytes queued and not yet written. */
  public int pendingBytes() {
    return outgoing.size();
  }

  /** Writes what the socket takes now; true if nothing is left. */
  public boolean flush() throws IOException {
    outgoing.writeTo(channel);
    return outgoing.isEmpty();
  }

  /**
   * Reads what has arrived, as far as there is room for it.
   *
   * @return number of bytes read, or -1 if the peer has closed its side
   */
  public int receive() throws IOException {
    if (readIndex > 0) {
      ByteBuffer unread = incoming.duplicate().flip().position(readIndex);
      incoming.clear().put(unread);
      readIndex = 0;
    }
    return channel.read(incoming);
  }

  /**
   * Takes the next complete frame.
   *
   * @return the frame, or null if none is complete yet
   * @throws LinkProtocolException if the bytes are no frame
   */
  public LinkFrame next() {
    int available = incoming.position() - readIndex;
    if (available < Integer.BYTES) {
      return null;
    }
    int length = incoming.getInt(readIndex);
    if (length < 1 || length > LinkCodec.FRAME_BYTES_MAX) {
      throw new LinkProtocolException(
          "frame length must be in [1, "
              + LinkCodec.FRAME_BYTES_MAX
              + "]: length="
              + Integer.toUnsignedString(length));
    }
    if (available < Integer.BYTES + length) {
      return null;
    }
    ByteBuffer body = incoming.slice(readIndex + Integer.BYTES, length);
    readIndex += Integer.BYTES + length;
    return LinkCodec.decode(body);
  }
}
