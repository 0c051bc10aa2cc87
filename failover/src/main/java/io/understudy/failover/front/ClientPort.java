package io.understudy.failover.front;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port where clients connect, and the sockets of the clients.
 *
 * <p>Owned by the front's thread. Trouble with one client ends that client only.
 */
final class ClientPort {
  private static final Logger LOG = LoggerFactory.getLogger(ClientPort.class);

  /** Sockets at a time, with those that are being refused or still drain. */
  private static final int CONNECTIONS_MAX = 512;

  /** Reads per client and round, so that one busy client does not starve the others. */
  private static final int READS_MAX = 16;

  private final Selector selector;
  private final ServerSocketChannel listener;
  private final InetSocketAddress address;
  private final FrontSettings settings;
  private final InputQueue input;
  private final ClientSide side;
  private final List<Client> clients = new ArrayList<>();
  private final ByteBuffer buffer = ByteBuffer.allocate(ChannelFrame.PAYLOAD_BYTES_MAX);
  private int active;
  private long accepted;
  private long turnedAway;
  private long overdue;
  private long bytesFromClients;
  private long bytesToClients;

  /** Binds the port of {@code settings}. */
  ClientPort(FrontSettings settings, Selector selector, InputQueue input, ClientSide side)
      throws IOException {
    this.settings = settings;
    this.selector = selector;
    this.input = input;
    this.side = side;
    ServerSocketChannel socket = ServerSocketChannel.open();
    try {
      socket.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      socket.bind(settings.listen(), CONNECTIONS_MAX);
      socket.configureBlocking(false);
      socket.register(selector, SelectionKey.OP_ACCEPT, this);
      this.address = (InetSocketAddress) socket.getLocalAddress();
    } catch (IOException failed) {
      socket.close();
      throw failed;
    }
    this.listener = socket;
  }

  InetSocketAddress address() {
    return address;
  }

  /** Connected clients that are not on their way out. */
  int size() {
    return active;
  }

  long accepted() {
    return accepted;
  }

  /** Connections closed unseen because there were too many. */
  long turnedAway() {
    return turnedAway;
  }

  /** Clients that did not take their last replies in time. */
  long overdue() {
    return overdue;
  }

  long bytesFromClients() {
    return bytesFromClients;
  }

  long bytesToClients() {
    return bytesToClients;
  }

  /** Accepts who is waiting. */
  void accept() {
    try {
      SocketChannel channel = listener.accept();
      while (channel != null) {
        admit(channel);
        channel = listener.accept();
      }
    } catch (IOException failed) {
      LOG.warn("front could not accept a client: vm={}", settings.vm(), failed);
    }
  }

  private void admit(SocketChannel channel) throws IOException {
    if (clients.size() >= CONNECTIONS_MAX) {
      turnedAway++;
      channel.close();
      return;
    }
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      SelectionKey key = channel.register(selector, 0);
      String peer = String.valueOf(channel.getRemoteAddress());
      Wire wire =
          settings
              .tls()
              .<Wire>map(tls -> new TlsWire(channel, tls))
              .orElseGet(() -> new PlainWire(channel));
      Client client = new Client(channel, wire, key, peer, settings.limits().clientBufferBytes());
      key.attach(client);
      clients.add(client);
      accepted++;
      settle(client);
    } catch (IOException gone) {
      LOG.debug("client was gone at once", gone);
      channel.close();
    }
  }

  /** Goes on with a client that may not send yet; when it may, the others hear of it. */
  private void settle(Client client) {
    try {
      if (client.settle()) {
        side.accepted(client);
      }
    } catch (IOException refused) {
      LOG.info("a client is refused: peer={}: {}", client, refused.toString());
      turnedAway++;
      // Not aborted: a reset could destroy what says why.
      client.close();
    }
  }

  /** Reads what the client has sent, within bounds. */
  void receive(Client client) {
    try {
      for (int reads = 0; reads < READS_MAX && mayRead(client); reads++) {
        byte[] bytes = client.receive(buffer);
        if (bytes == null) {
          side.ended(client);
          return;
        }
        if (bytes.length > 0 && !client.isFinishing()) {
          bytesFromClients += bytes.length;
          side.received(client, bytes);
        }
        if (bytes.length < buffer.capacity()) {
          return;
        }
      }
    } catch (IOException gone) {
      LOG.debug("client is gone: peer={}", client, gone);
      client.abort();
    }
  }

  private boolean mayRead(Client client) {
    return client.isOpen()
        && client.isSettled()
        && !client.hasEnded()
        && (client.isFinishing()
            || (input.heldBytes() < settings.limits().heldInputBytes() && side.reads(client)));
  }

  /** Writes to clients, ends those that are due and sets what the selector reports. */
  void serve(long nowNanos) {
    Duration drain = settings.timing().drain();
    int count = 0;
    // lost() may free a channel's number but never accepts or removes a client here.
    for (Client client : clients) {
      if (client.isOpen() && !client.isSettled()) {
        settle(client);
      }
      if (client.isOpen() && client.hasMore()) {
        receive(client);
      }
      if (!client.isOpen()) {
        continue;
      }
      try {
        bytesToClients += client.flush();
      } catch (IOException gone) {
        LOG.debug("client is gone: peer={}", client, gone);
        client.abort();
      }
      if (client.isOpen() && client.isOverdue(nowNanos, drain)) {
        LOG.info("client did not close in time: peer={}", client);
        overdue++;
        client.abort();
      }
      if (client.isOpen()) {
        client.updateInterest(mayRead(client));
        if (client.hasMore() && mayRead(client)) {
          selector.wakeup();
        }
        count += client.isFinishing() || !client.isSettled() ? 0 : 1;
      }
    }
    active = count;
    clients.removeIf(this::isGone);
  }

  private boolean isGone(Client client) {
    if (client.isOpen()) {
      return false;
    }
    if (client.isSettled()) {
      side.lost(client);
    }
    return true;
  }

  /** Closes the port and all clients; what they were not sent yet is lost. */
  void close() {
    clients.forEach(Client::abort);
    clients.clear();
    active = 0;
    try {
      listener.close();
    } catch (IOException failed) {
      LOG.warn("front's port could not be closed cleanly: vm={}", settings.vm(), failed);
    }
  }
}
