package io.understudy.failover.front;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Channels mode: many clients share the console through the channel protocol of the package page.
 *
 * <p>Clients that connect while the guest has not answered SYNC, or while every number is still
 * waiting for the guest's CLOSE, wait in order and are not read.
 *
 * <p>Owned by the front's thread.
 */
final class ChannelClients implements ClientSide {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelClients.class);

  private final String vm;
  private final FrontStreams streams;
  private final InputQueue input;
  private final int clientsMax;
  private final long syncRetryNanos;
  // Unpredictable, because the guest could otherwise have produced the answer by itself.
  private final Random nonces = new SecureRandom();

  private final Channel[] channels = new Channel[ChannelFrame.CHANNEL_MAX + 1];
  private final Map<Client, Channel> byClient = new HashMap<>();

  /** Free numbers, the one that has been free for the longest time first. */
  private final Deque<Integer> free = new ArrayDeque<>();

  private final Deque<Client> waiting = new ArrayDeque<>();

  /** Looks for the answer to SYNC; null while the guest and this side agree. */
  private SyncScanner scanner;

  private ChannelFrame.Decoder decoder;
  private long syncEnd;
  private long syncCommittedNanos;
  private boolean isSyncCommitted;

  private long refused;
  private long disconnected;
  private long resynchronizations;

  /** A number that is in use, until both sides have sent CLOSE. */
  private static final class Channel {
    private final int number;

    /** Null once its connection is gone. */
    private Client client;

    private boolean hasSentClose;

    Channel(int number, Client client) {
      this.number = number;
      this.client = client;
    }
  }

  ChannelClients(String vm, FrontStreams streams, int clientsMax, long syncRetryNanos) {
    this.vm = vm;
    this.streams = streams;
    this.input = streams.input();
    this.clientsMax = clientsMax;
    this.syncRetryNanos = syncRetryNanos;
    for (int number = 1; number <= ChannelFrame.CHANNEL_MAX; number++) {
      free.addLast(number);
    }
  }

  @Override
  public void accepted(Client client) {
    if (byClient.size() + waiting.size() >= clientsMax) {
      refused++;
      String message = "understudy: too many clients of " + vm + ", at most " + clientsMax + "\r\n";
      client.send(message.getBytes(StandardCharsets.UTF_8));
      client.finish();
      return;
    }
    waiting.addLast(client);
    openWaiting();
  }

  @Override
  public boolean reads(Client client) {
    Channel channel = byClient.get(client);
    return channel != null && !channel.hasSentClose;
  }

  @Override
  public void received(Client client, byte[] bytes) {
    Channel channel = byClient.get(client);
    if (channel != null && !channel.hasSentClose) {
      send(ChannelFrame.data(channel.number, bytes));
    }
  }

  @Override
  public void ended(Client client) {
    Channel channel = byClient.get(client);
    if (channel != null) {
      sendClose(channel);
    }
  }

  @Override
  public void lost(Client client) {
    waiting.remove(client);
    Channel channel = byClient.remove(client);
    if (channel != null) {
      channel.client = null;
      sendClose(channel);
    }
  }

  @Override
  public void output(byte[] bytes) {
    byte[] framed = bytes;
    if (scanner != null) {
      framed = scanner.scan(bytes);
      if (framed == null) {
        return;
      }
      synchronizedNow();
    }
    if (decoder == null) {
      // Nothing was asked of the guest yet; whatever it says is not for us.
      return;
    }
    decoder.add(framed);
    try {
      takeFrames();
    } catch (ChannelProtocolException violation) {
      resynchronize(violation.getMessage());
    }
  }

  @Override
  public void attached(boolean isFirst) {
    if (isFirst) {
      sendSync();
    }
  }

  @Override
  public void tick(long nowNanos) {
    if (scanner == null || input.base() < syncEnd) {
      return;
    }
    if (!isSyncCommitted) {
      isSyncCommitted = true;
      syncCommittedNanos = nowNanos;
    } else if (nowNanos - syncCommittedNanos > syncRetryNanos) {
      LOG.warn("guest does not answer SYNC, it is sent again: vm={}", vm);
      sendSync();
    }
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
    return 0;
  }

  @Override
  public long resynchronizations() {
    return resynchronizations;
  }

  private void takeFrames() {
    ChannelFrame frame = decoder.next();
    while (frame != null) {
      switch (frame.kind()) {
        case DATA -> deliver(channel(frame), frame.payload());
        case CLOSE -> closedByGuest(frame.channel());
        case ERROR ->
            throw new ChannelProtocolException(
                "guest reports an error: channel="
                    + frame.channel()
                    + " text="
                    + new String(frame.payload(), StandardCharsets.UTF_8));
        // A SYNC nobody here asked for: the guest has forgotten our channels.
        case OPEN, SYNC ->
            throw new ChannelProtocolException("guest sent an unexpected frame: " + frame);
      }
      frame = decoder.next();
    }
  }

  private Channel channel(ChannelFrame frame) {
    Channel channel = frame.channel() < channels.length ? channels[frame.channel()] : null;
    if (channel == null) {
      throw new ChannelProtocolException("guest used a channel that is not open: " + frame);
    }
    return channel;
  }

  private void deliver(Channel channel, byte[] payload) {
    Client client = channel.client;
    if (client != null && payload.length > 0 && !client.send(payload)) {
      disconnected++;
      lost(client);
    }
  }

  private void closedByGuest(int number) {
    Channel channel = number < channels.length ? channels[number] : null;
    if (channel == null) {
      // A guest may answer our answer; the number is not reused soon enough to be confused.
      return;
    }
    sendClose(channel);
    if (channel.client != null) {
      byClient.remove(channel.client);
      channel.client.finish();
    }
    release(channel);
    openWaiting();
  }

  private void openWaiting() {
    while (isSynchronized() && !waiting.isEmpty() && !free.isEmpty()) {
      Channel channel = new Channel(free.removeFirst(), waiting.removeFirst());
      channels[channel.number] = channel;
      byClient.put(channel.client, channel);
      send(ChannelFrame.open(channel.number));
    }
  }

  private boolean isSynchronized() {
    return scanner == null && decoder != null;
  }

  private void synchronizedNow() {
    scanner = null;
    decoder = new ChannelFrame.Decoder();
    streams.establish();
    LOG.info("guest is synchronized: vm={} outputOffset={}", vm, streams.outputNext());
    openWaiting();
  }

  private void resynchronize(String why) {
    LOG.warn("console is synchronized again, its clients are disconnected: vm={}: {}", vm, why);
    for (Channel channel : channels) {
      if (channel == null) {
        continue;
      }
      if (channel.client != null) {
        disconnected++;
        channel.client.abort();
      }
      release(channel);
    }
    byClient.clear();
    sendSync();
  }

  private void sendSync() {
    byte[] nonce = new byte[ChannelFrame.NONCE_BYTES];
    nonces.nextBytes(nonce);
    scanner = new SyncScanner(nonce);
    isSyncCommitted = false;
    resynchronizations++;
    send(ChannelFrame.sync(nonce));
    syncEnd = input.end();
  }

  private void release(Channel channel) {
    channels[channel.number] = null;
    free.addLast(channel.number);
  }

  private void sendClose(Channel channel) {
    if (!channel.hasSentClose) {
      channel.hasSentClose = true;
      send(ChannelFrame.close(channel.number));
    }
  }

  private void send(ChannelFrame frame) {
    input.append(frame.encode());
  }
}
