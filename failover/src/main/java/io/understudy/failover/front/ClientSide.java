package io.understudy.failover.front;

/**
 * What a front does between clients and the console's byte streams; one class per mode.
 *
 * <p>Owned by the front's thread.
 */
sealed interface ClientSide permits StreamClients, ChannelClients {
  /** A client has connected. */
  void accepted(Client client);

  /** True if bytes of this client can be used now. */
  boolean reads(Client client);

  /** Bytes of a client, at most {@link ChannelFrame#PAYLOAD_BYTES_MAX}. */
  void received(Client client, byte[] bytes);

  /** The client has closed its sending side and may still read. */
  void ended(Client client);

  /** The client's connection is gone. */
  void lost(Client client);

  /** New output of the guest, in order. */
  void output(byte[] bytes);

  /** A node serves; {@code isFirst} while the guest does not know this front yet. */
  void attached(boolean isFirst);

  /** Called at least once per ping interval while a node serves. */
  void tick(long nowNanos);

  /** Clients turned away so far. */
  long clientsRefused();

  /** Clients disconnected by the front so far. */
  long clientsDisconnected();

  /** Output dropped because there was no client. */
  long unreadOutputBytes();

  /** Times SYNC was sent. */
  long resynchronizations();
}
