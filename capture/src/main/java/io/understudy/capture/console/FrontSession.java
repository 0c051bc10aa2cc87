package io.understudy.capture.console;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.UUID;

/** One connection of a front and how far it got; owned by the console's network thread. */
final class FrontSession {
  final SocketChannel channel;
  final SelectionKey key;
  final LinkConnection connection;
  final String peer;

  /** What was offered to this front; null until the node is live. */
  LinkFrame.Hello hello;

  /** Identity of the front; null until it has attached. */
  UUID front;

  /** Offset of the next output byte to send. */
  long outputNext;

  /** End of the committed input this front knows of. */
  long inputAcked;

  /** Input that the sink did not take yet; while it waits nothing more is read. */
  LinkFrame.Input parked;

  long lastReceivedNanos;
  long lastPingNanos;

  FrontSession(SocketChannel channel, SelectionKey key, String peer, long nowNanos) {
    this.channel = channel;
    this.key = key;
    this.connection = new LinkConnection(channel);
    this.peer = peer;
    this.lastReceivedNanos = nowNanos;
    this.lastPingNanos = nowNanos;
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  /** Has the selector look for what this connection can do now. */
  void updateInterest() {
    key.interestOps(
        (parked == null ? SelectionKey.OP_READ : 0)
            | (connection.pendingBytes() > 0 ? SelectionKey.OP_WRITE : 0));
  }
}
