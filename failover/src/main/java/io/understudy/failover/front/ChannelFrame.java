package io.understudy.failover.front;

import java.util.Arrays;

/**
 * One frame of the channel protocol, as drawn on the package page.
 *
 * @param kind what it says
 * @param channel number, 0 to 255
 * @param payload at most {@link #PAYLOAD_BYTES_MAX} bytes; the array belongs to the frame
 */
record ChannelFrame(Kind kind, int channel, byte[] payload) {
  static final int HEADER_BYTES = 4;
  static final int PAYLOAD_BYTES_MAX = 1024;
  static final int NONCE_BYTES = 8;

  /** Channels are numbered from 1 to this; 0 is the connection itself. */
  static final int CHANNEL_MAX = 250;

  private static final byte[] NOTHING = {};

  /** Kinds with their code on the wire. */
  enum Kind {
    OPEN(1),
    DATA(2),
    CLOSE(3),
    SYNC(4),
    ERROR(5);

    final int code;

    Kind(int code) {
      this.code = code;
    }

    private static Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new ChannelProtocolException("unknown kind of frame: kind=" + code);
    }
  }

  ChannelFrame {
    if (channel < 0 || channel > 255 || payload.length > PAYLOAD_BYTES_MAX) {
      throw new IllegalArgumentException(
          "no frame: kind=" + kind + " channel=" + channel + " size=" + payload.length);
    }
  }

  static ChannelFrame open(int channel) {
    return new ChannelFrame(Kind.OPEN, channel, NOTHING);
  }

  static ChannelFrame close(int channel) {
    return new ChannelFrame(Kind.CLOSE, channel, NOTHING);
  }

  static ChannelFrame data(int channel, byte[] payload) {
    return new ChannelFrame(Kind.DATA, channel, payload);
  }

  static ChannelFrame sync(byte[] nonce) {
    return new ChannelFrame(Kind.SYNC, 0, nonce);
  }

  static ChannelFrame error(byte[] text) {
    return new ChannelFrame(Kind.ERROR, 0, text);
  }

  byte[] encode() {
    byte[] bytes = new byte[HEADER_BYTES + payload.length];
    bytes[0] = (byte) kind.code;
    bytes[1] = (byte) channel;
    bytes[2] = (byte) payload.length;
    bytes[3] = (byte) (payload.length >>> 8);
    System.arraycopy(payload, 0, bytes, HEADER_BYTES, payload.length);
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChannelFrame frame
        && kind == frame.kind
        && channel == frame.channel
        && Arrays.equals(payload, frame.payload);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * kind.hashCode() + channel) + Arrays.hashCode(payload);
  }

  @Override
  public String toString() {
    return kind + "[channel=" + channel + ", size=" + payload.length + "]";
  }

  /** Cuts a byte stream into frames. Owned by one thread. */
  static final class Decoder {
    private byte[] bytes = NOTHING;
    private int readIndex;

    /** Appends received bytes. */
    void add(byte[] more) {
      byte[] joined = Arrays.copyOfRange(bytes, readIndex, bytes.length + more.length);
      // copyOfRange pads with zeros where the new bytes go.
      System.arraycopy(more, 0, joined, bytes.length - readIndex, more.length);
      bytes = joined;
      readIndex = 0;
    }

    /**
     * Takes the next complete frame, or null.
     *
     * @throws ChannelProtocolException if the bytes cannot be a frame
     */
    ChannelFrame next() {
      int available = bytes.length - readIndex;
      if (available < HEADER_BYTES) {
        return null;
      }
      Kind kind = Kind.of(bytes[readIndex] & 0xFF);
      int channel = bytes[readIndex + 1] & 0xFF;
      int length = (bytes[readIndex + 2] & 0xFF) | ((bytes[readIndex + 3] & 0xFF) << 8);
      requireLength(kind, length);
      if (available < HEADER_BYTES + length) {
        return null;
      }
      int from = readIndex + HEADER_BYTES;
      readIndex = from + length;
      return new ChannelFrame(kind, channel, Arrays.copyOfRange(bytes, from, readIndex));
    }

    private static void requireLength(Kind kind, int length) {
      boolean legal =
          switch (kind) {
            case OPEN, CLOSE -> length == 0;
            case SYNC -> length == NONCE_BYTES;
            case DATA, ERROR -> length <= PAYLOAD_BYTES_MAX;
          };
      if (!legal) {
        throw new ChannelProtocolException(
            "frame of impossible length: kind=" + kind + " length=" + length);
      }
    }
  }
}
