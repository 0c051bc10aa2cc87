package io.understudy.failover.front;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * Stream mode: the console belongs to one client at a time.
 *
 * <p>While there is no client the guest must not stall, so the newest output is kept for the next
 * one and older output is dropped and counted. A client that has closed its sending side keeps
 * receiving, but gives way to the next client: whether it still listens cannot be known.
 *
 * <p>Owned by the front's thread.
 */
final class StreamClients implements ClientSide {
  private final String vm;
  private final InputQueue input;
  private final int backlogBytes;
  private final Backlog backlog = new Backlog();
  private Client current;
  private long refused;
  private long disconnected;

  StreamClients(String vm, InputQueue input, int backlogBytes) {
    this.vm = vm;
    this.input = input;
    this.backlogBytes = backlogBytes;
  }

  @Override
  public void accepted(Client client) {
    if (current != null && current.isOpen() && !current.hasEnded()) {
      refused++;
      String message = "understudy: the console of " + vm + " is in use by another client\r\n";
      client.send(message.getBytes(StandardCharsets.UTF_8));
      client.finish();
      return;
    }
    if (current != null) {
      current.finish();
    }
    current = client;
    deliver(backlog.take());
  }

  @Override
  public boolean reads(Client client) {
    return client == current;
  }

  @Override
  public void received(Client client, byte[] bytes) {
    input.append(bytes);
  }

  @Override
  public void ended(Client client) {
    // Output goes on; see the class comment.
  }

  @Override
  public void lost(Client client) {
    if (client == current) {
      current = null;
    }
  }

  @Override
  public void output(byte[] bytes) {
    if (current == null) {
      backlog.add(bytes);
    } else {
      deliver(bytes);
    }
  }

  private void deliver(byte[] bytes) {
    if (bytes.length > 0 && !current.send(bytes)) {
      disconnected++;
      current = null;
    }
  }

  @Override
  public void attached(boolean isFirst) {
    // Bytes pass through; there is nothing to agree on.
  }

  @Override
  public void tick(long nowNanos) {
    // No timers.
  }

  @Override
  public long clientsRefused() {
    return refused;
  }

  @Override
  public long clientsDisconnected() {
    return disconnected;
  }

  @Override
  public long unreadOutputBytes() {
    return backlog.droppedBytes;
  }

  @Override
  public long resynchronizations() {
    return 0;
  }

  /** The newest output that nobody has read. */
  private final class Backlog {
    private final Deque<byte[]> pieces = new ArrayDeque<>();
    private int size;
    private long droppedBytes;

    void add(byte[] bytes) {
      pieces.addLast(bytes);
      size += bytes.length;
      while (size > backlogBytes) {
        byte[] oldest = pieces.removeFirst();
        int surplus = Math.min(size - backlogBytes, oldest.length);
        if (surplus < oldest.length) {
          pieces.addFirst(Arrays.copyOfRange(oldest, surplus, oldest.length));
        }
        size -= surplus;
        droppedBytes += surplus;
      }
    }

    byte[] take() {
      ByteArrayOutputStream all = new ByteArrayOutputStream(size);
      pieces.forEach(all::writeBytes);
      pieces.clear();
      size = 0;
      return all.toByteArray();
    }
  }
}
