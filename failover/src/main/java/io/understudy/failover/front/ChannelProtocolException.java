package io.understudy.failover.front;

/** The guest broke the channel protocol; the console must be synchronized again. */
final class ChannelProtocolException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ChannelProtocolException(String message) {
    super(message);
  }
}
