package io.understudy.capture.console;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Bytes of {@link LinkFrame}s, as drawn on the package page.
 *
 * <p>Stateless. Whatever arrives, {@link #decode} returns a frame or throws {@link
 * LinkProtocolException}; it never reads beyond the buffer it was given.
 */
final class LinkCodec {
  /** Most bytes after a length field. */
  static final int FRAME_BYTES_MAX = 64 * 1024;

  private static final int MAGIC = 0x554E444C;

  private static final byte HELLO = 1;
  private static final byte ATTACH = 2;
  private static final byte INPUT = 3;
  private static final byte INPUT_ACK = 4;
  private static final byte OUTPUT = 5;
  private static final byte OUTPUT_ACK = 6;
  private static final byte PING = 7;
  private static final byte PONG = 8;
  private static final byte GOODBYE = 9;

  private LinkCodec() {}

  /** The frame's bytes, length field included. */
  static byte[] encode(LinkFrame frame) {
    Encoder encoder = new Encoder();
    frame.applyTo(encoder);
    ByteBuffer out = encoder.out;
    out.putInt(0, out.position() - Integer.BYTES);
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return bytes;
  }

  /** Reads the frame that fills {@code body}: the type byte and everything after it. */
  static LinkFrame decode(ByteBuffer body) {
    byte type = body.get();
    try {
      LinkFrame frame =
          switch (type) {
            case HELLO -> hello(body);
            case ATTACH -> attach(body);
            case INPUT -> new LinkFrame.Input(body.getLong(), rest(body));
            case INPUT_ACK -> new LinkFrame.InputAck(body.getLong());
            case OUTPUT -> new LinkFrame.Output(body.getLong(), rest(body));
            case OUTPUT_ACK -> new LinkFrame.OutputAck(body.getLong());
            case PING -> new LinkFrame.Ping(body.getLong());
            case PONG -> new LinkFrame.Pong(body.getLong());
            case GOODBYE -> new LinkFrame.Goodbye(new String(rest(body), StandardCharsets.UTF_8));
            default -> throw new LinkProtocolException("unknown frame: type=" + type);
          };
      if (body.hasRemaining()) {
        throw new LinkProtocolException(
            "frame is too long: type=" + type + " surplusBytes=" + body.remaining());
      }
      return frame;
    } catch (BufferUnderflowException truncated) {
      throw new LinkProtocolException("frame is too short: type=" + type);
    } catch (IllegalArgumentException illegal) {
      throw new LinkProtocolException(
          "frame is malformed: type=" + type + ": " + illegal.getMessage());
    }
  }

  private static LinkFrame hello(ByteBuffer body) {
    requireVersion(body);
    byte[] vm = new byte[body.get() & 0xFF];
    body.get(vm);
    return new LinkFrame.Hello(
        new String(vm, StandardCharsets.ISO_8859_1),
        uuid(body),
        body.getLong(),
        body.getLong(),
        body.getLong(),
        body.getLong(),
        body.getLong());
  }

  private static LinkFrame attach(ByteBuffer body) {
    requireVersion(body);
    return new LinkFrame.Attach(uuid(body), body.getLong(), body.getLong());
  }

  /** Checked before anything else is read: another version may lay out the rest differently. */
  private static void requireVersion(ByteBuffer body) {
    int magic = body.getInt();
    if (magic != MAGIC) {
      throw new LinkProtocolException(
          "peer does not speak the console link protocol: magic=0x" + Integer.toHexString(magic));
    }
    int version = body.getShort() & 0xFFFF;
    if (version != LinkFrame.PROTOCOL_VERSION) {
      throw new LinkProtocolException(
          "console link protocol version: supported="
              + LinkFrame.PROTOCOL_VERSION
              + " found="
              + version);
    }
  }

  private static UUID uuid(ByteBuffer body) {
    return new UUID(body.getLong(), body.getLong());
  }

  private static byte[] rest(ByteBuffer body) {
    byte[] bytes = new byte[body.remaining()];
    body.get(bytes);
    return bytes;
  }

  /** Writes one frame after a length field that is filled in at the end. */
  private static final class Encoder implements LinkFrame.Handler {
    private ByteBuffer out = ByteBuffer.allocate(128).putInt(0);

    @Override
    public void onHello(LinkFrame.Hello frame) {
      byte[] vm = frame.vm().getBytes(StandardCharsets.US_ASCII);
      out.put(HELLO).putInt(MAGIC).putShort((short) LinkFrame.PROTOCOL_VERSION);
      out = grown(vm.length + 64).put((byte) vm.length).put(vm);
      out.putLong(frame.run().getMostSignificantBits())
          .putLong(frame.run().getLeastSignificantBits())
          .putLong(frame.term())
          .putLong(frame.inputNext())
          .putLong(frame.inputCommitted())
          .putLong(frame.outputStart())
          .putLong(frame.outputReleased());
    }

    @Override
    public void onAttach(LinkFrame.Attach frame) {
      out.put(ATTACH)
          .putInt(MAGIC)
          .putShort((short) LinkFrame.PROTOCOL_VERSION)
          .putLong(frame.front().getMostSignificantBits())
          .putLong(frame.front().getLeastSignificantBits())
          .putLong(frame.inputFrom())
          .putLong(frame.outputFrom());
    }

    @Override
    public void onInput(LinkFrame.Input frame) {
      bytes(INPUT, frame.offset(), frame.bytes());
    }

    @Override
    public void onInputAck(LinkFrame.InputAck frame) {
      out.put(INPUT_ACK).putLong(frame.offset());
    }

    @Override
    public void onOutput(LinkFrame.Output frame) {
      bytes(OUTPUT, frame.offset(), frame.bytes());
    }

    @Override
    public void onOutputAck(LinkFrame.OutputAck frame) {
      out.put(OUTPUT_ACK).putLong(frame.offset());
    }

    @Override
    public void onPing(LinkFrame.Ping frame) {
      out.put(PING).putLong(frame.clockNanos());
    }

    @Override
    public void onPong(LinkFrame.Pong frame) {
      out.put(PONG).putLong(frame.clockNanos());
    }

    @Override
    public void onGoodbye(LinkFrame.Goodbye frame) {
      byte[] reason = frame.reason().getBytes(StandardCharsets.UTF_8);
      out = grown(1 + reason.length).put(GOODBYE).put(reason);
    }

    private void bytes(byte type, long offset, byte[] bytes) {
      out = grown(1 + Long.BYTES + bytes.length).put(type).putLong(offset).put(bytes);
    }

    private ByteBuffer grown(int moreBytes) {
      if (out.remaining() >= moreBytes) {
        return out;
      }
      return ByteBuffer.allocate(out.position() + moreBytes).put(out.flip());
    }
  }
}
