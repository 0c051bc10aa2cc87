package io.understudy.failover.front;

import io.understudy.capture.console.LinkFrame;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Input of the clients that is not known to be committed, cut into messages.
 *
 * <pre>
 *      base           sent            end
 *   ----|--- unacked ---|--- unsent ---|
 * </pre>
 *
 * <p>A message once sent keeps its bounds for ever: the guest may have taken it as one event, and a
 * node's input offset always lies between two messages. The last unsent message still grows by
 * whole pieces (frames of the channel protocol), so many small pieces become one event.
 *
 * <p>Owned by the front's thread. Offsets are bytes from the start of the run.
 */
final class InputQueue {
  private final Deque<Message> unacked = new ArrayDeque<>();
  private final Deque<Message> unsent = new ArrayDeque<>();
  private long base;
  private long end;
  private long replays;

  /** One event of the guest. */
  private static final class Message {
    private long offset;
    private byte[] bytes;
    private boolean wasSent;

    Message(long offset, byte[] bytes) {
      this.offset = offset;
      this.bytes = bytes;
    }

    long end() {
      return offset + bytes.length;
    }
  }

  /** Everything below this is committed. */
  long base() {
    return base;
  }

  /** Offset after the last byte. */
  long end() {
    return end;
  }

  /** Bytes kept. */
  long heldBytes() {
    return end - base;
  }

  /** True if no node can have seen any of what is kept. */
  boolean isUntouched() {
    return unacked.isEmpty() && unsent.stream().noneMatch(message -> message.wasSent);
  }

  /** Messages handed out more than once. */
  long replays() {
    return replays;
  }

  /** Appends {@code piece}, which will be taken by the guest as a whole. */
  void append(byte[] piece) {
    if (piece.length == 0 || piece.length > LinkFrame.INPUT_BYTES_MAX) {
      throw new IllegalArgumentException("a piece has 1 to 2048 bytes: size=" + piece.length);
    }
    Message last = unsent.peekLast();
    if (last != null
        && !last.wasSent
        && last.bytes.length + piece.length <= LinkFrame.INPUT_BYTES_MAX) {
      int size = last.bytes.length;
      last.bytes = Arrays.copyOf(last.bytes, size + piece.length);
      System.arraycopy(piece, 0, last.bytes, size, piece.length);
    } else {
      unsent.addLast(new Message(end, piece.clone()));
    }
    end += piece.length;
  }

  /** The next message to send, or null if there is none or the link's window is full. */
  LinkFrame.Input next() {
    Message message = unsent.peekFirst();
    if (message == null || message.end() - base > LinkFrame.INPUT_WINDOW_BYTES) {
      return null;
    }
    unsent.removeFirst();
    unacked.addLast(message);
    if (message.wasSent) {
      replays++;
    }
    message.wasSent = true;
    return new LinkFrame.Input(message.offset, message.bytes);
  }

  /** Everything below {@code offset} is committed. */
  void acknowledge(long offset) {
    while (base < offset) {
      Message message = unacked.isEmpty() ? unsent.pollFirst() : unacked.pollFirst();
      if (message == null || message.end() > offset) {
        throw new InconsistentConsoleException(
            "input was acknowledged that does not exist, or half a message: base="
                + base
                + " end="
                + end
                + " acknowledged="
                + offset);
      }
      base = message.end();
    }
  }

  /** True if a message begins or the queue ends at {@code offset}. */
  boolean isBoundary(long offset) {
    return offset == end
        || unacked.stream().anyMatch(message -> message.offset == offset)
        || unsent.stream().anyMatch(message -> message.offset == offset);
  }

  /** Continues sending at {@code offset}, a boundary: what follows counts as not sent. */
  void sendFrom(long offset) {
    while (!unacked.isEmpty() && unacked.peekLast().offset >= offset) {
      unsent.addFirst(unacked.removeLast());
    }
    while (!unsent.isEmpty() && unsent.peekFirst().offset < offset) {
      unacked.addLast(unsent.removeFirst());
    }
  }

  /** Forgets everything and continues at {@code offset}. */
  void clear(long offset) {
    unacked.clear();
    unsent.clear();
    base = offset;
    end = offset;
  }

  /** Keeps all messages but counts from {@code offset}; only while none of them is committed. */
  void moveTo(long offset) {
    sendFrom(base);
    base = offset;
    end = offset;
    for (Message message : unsent) {
      message.offset = end;
      end = message.end();
    }
  }
}
