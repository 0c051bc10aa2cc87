package io.understudy.capture.console;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;

/**
 * One frame of the console link; the package page draws the wire format.
 *
 * <p>Frames are immutable and check their own limits, so a frame that exists can be sent. Offsets
 * are bytes from the start of the run.
 */
public sealed interface LinkFrame {
  /** Version of the protocol that this build speaks. */
  int PROTOCOL_VERSION = 1;

  /** Most bytes in one INPUT: a message is one event of the guest. */
  int INPUT_BYTES_MAX = 2048;

  /** Most bytes in one OUTPUT. */
  int OUTPUT_BYTES_MAX = 16 * 1024;

  /** Most input, in bytes, that a front may have sent without an acknowledgement. */
  int INPUT_WINDOW_BYTES = 256 * 1024;

  /** Hands this frame to the method of {@code handler} made for its type. */
  void applyTo(Handler handler);

  /** No method has a default body: a new frame type must break every handler at compile time. */
  interface Handler {
    void onHello(Hello frame);

    void onAttach(Attach frame);

    void onInput(Input frame);

    void onInputAck(InputAck frame);

    void onOutput(Output frame);

    void onOutputAck(OutputAck frame);

    void onPing(Ping frame);

    void onPong(Pong frame);

    void onGoodbye(Goodbye frame);
  }

  /**
   * What a live node offers.
   *
   * @param vm id of the VM, 1 to 64 ASCII characters
   * @param run the protected life of the VM that the offsets belong to
   * @param term the node's leadership
   * @param inputNext next input offset the node takes
   * @param inputCommitted end of the committed input, at most {@code inputNext}
   * @param outputStart oldest output offset that is still held
   * @param outputReleased end of the output that may be handed out now
   */
  record Hello(
      String vm,
      UUID run,
      long term,
      long inputNext,
      long inputCommitted,
      long outputStart,
      long outputReleased)
      implements LinkFrame {
    public Hello {
      Objects.requireNonNull(run, "run");
      boolean ascii = StandardCharsets.US_ASCII.newEncoder().canEncode(vm);
      if (vm.isEmpty() || vm.length() > 64 || !ascii) {
        throw new IllegalArgumentException("a VM id has 1 to 64 ASCII characters: vm=" + vm);
      }
      if (inputCommitted < 0 || inputNext < inputCommitted || outputStart < 0 || term < 0) {
        throw new IllegalArgumentException(
            "offsets of a HELLO out of order: inputCommitted="
                + inputCommitted
                + " inputNext="
                + inputNext
                + " outputStart="
                + outputStart
                + " outputReleased="
                + outputReleased
                + " term="
                + term);
      }
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onHello(this);
    }
  }

  /**
   * The front's answer to a HELLO: it wants to be the one.
   *
   * @param front identity of this instance of the front
   * @param inputFrom offset of the first INPUT to come, equal to the HELLO's inputNext
   * @param outputFrom first output offset that the front does not have
   */
  record Attach(UUID front, long inputFrom, long outputFrom) implements LinkFrame {
    public Attach {
      Objects.requireNonNull(front, "front");
      requireOffset(inputFrom);
      requireOffset(outputFrom);
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onAttach(this);
    }
  }

  /** Bytes for the guest, starting at {@code offset}; one event. */
  record Input(long offset, byte[] bytes) implements LinkFrame {
    public Input {
      requireOffset(offset);
      bytes = requireBytes(bytes, INPUT_BYTES_MAX, "INPUT");
    }

    @Override
    public byte[] bytes() {
      return bytes.clone();
    }

    /** Offset of the byte after the last one. */
    public long end() {
      return offset + bytes.length;
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onInput(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Input input
          && offset == input.offset
          && Arrays.equals(bytes, input.bytes);
    }

    @Override
    public int hashCode() {
      return 31 * Long.hashCode(offset) + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Input[offset=" + offset + ", size=" + bytes.length + "]";
    }
  }

  /** Input below {@code offset} is committed. */
  record InputAck(long offset) implements LinkFrame {
    public InputAck {
      requireOffset(offset);
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onInputAck(this);
    }
  }

  /** Committed bytes of the guest, starting at {@code offset}. */
  record Output(long offset, byte[] bytes) implements LinkFrame {
    public Output {
      requireOffset(offset);
      bytes = requireBytes(bytes, OUTPUT_BYTES_MAX, "OUTPUT");
    }

    @Override
    public byte[] bytes() {
      return bytes.clone();
    }

    /** Offset of the byte after the last one. */
    public long end() {
      return offset + bytes.length;
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onOutput(this);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Output output
          && offset == output.offset
          && Arrays.equals(bytes, output.bytes);
    }

    @Override
    public int hashCode() {
      return 31 * Long.hashCode(offset) + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "Output[offset=" + offset + ", size=" + bytes.length + "]";
    }
  }

  /** The front has handed on all output below {@code offset}. */
  record OutputAck(long offset) implements LinkFrame {
    public OutputAck {
      requireOffset(offset);
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onOutputAck(this);
    }
  }

  /** Are you there; {@code clockNanos} is of the sender's clock and means nothing to the peer. */
  record Ping(long clockNanos) implements LinkFrame {
    @Override
    public void applyTo(Handler handler) {
      handler.onPing(this);
    }
  }

  /** Answer to the {@link Ping} that carried {@code clockNanos}. */
  record Pong(long clockNanos) implements LinkFrame {
    @Override
    public void applyTo(Handler handler) {
      handler.onPong(this);
    }
  }

  /** The sender closes the connection; at most 1000 characters of {@code reason} are kept. */
  record Goodbye(String reason) implements LinkFrame {
    private static final int LENGTH_MAX = 1000;

    public Goodbye {
      if (reason.length() > LENGTH_MAX) {
        reason = reason.substring(0, LENGTH_MAX);
      }
    }

    @Override
    public void applyTo(Handler handler) {
      handler.onGoodbye(this);
    }
  }

  private static void requireOffset(long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("an offset is not negative: offset=" + offset);
    }
  }

  private static byte[] requireBytes(byte[] bytes, int max, String frame) {
    if (bytes.length == 0 || bytes.length > max) {
      throw new IllegalArgumentException(
          frame + " carries 1 to " + max + " bytes: size=" + bytes.length);
    }
    return bytes.clone();
  }
}
