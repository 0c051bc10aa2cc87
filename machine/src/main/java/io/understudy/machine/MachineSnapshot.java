package io.understudy.machine;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.MachineStateCodec;
import io.understudy.schemas.avro.MachineState;
import java.nio.ByteBuffer;

/**
 * What a checkpoint, or a snapshot of a running machine, keeps of it beside its memory: the run's
 * header, which says what the machine is made of, and the state of vCPU and devices.
 *
 * <pre>
 *   int32    length of the header, big-endian
 *   bytes    the run's first event, encoded as in the log
 *   int64    offset of the first byte of held console output, big-endian
 *   int32    length of held console output
 *   bytes    held console output
 *   bytes    the machine's state, single-object encoded
 * </pre>
 *
 * @param header the run's first event, a RunStarted
 * @param console output that the world may not have
 * @param state vCPU and devices
 */
public record MachineSnapshot(EventRecord header, Held console, MachineState state) {
  private static final int FIXED_BYTES = Integer.BYTES + Long.BYTES + Integer.BYTES;

  /**
   * Console output that is held.
   *
   * @param start offset of the first byte
   * @param bytes all bytes from there to the end of the output
   */
  @SuppressWarnings("ArrayRecordComponent") // A carrier between two owners, never compared.
  public record Held(long start, byte[] bytes) {}

  /** Refuses a header that is none. */
  public MachineSnapshot {
    if (!(header.event() instanceof RunStarted)) {
      throw new IllegalArgumentException(
          "a run's first event is RunStarted, not " + header.event().typeName());
    }
  }

  /** What the machine is made of. */
  public RunStarted runStarted() {
    return (RunStarted) header.event();
  }

  /** As bytes, see above. */
  public byte[] encode() {
    byte[] first = EventCodec.encode(header);
    byte[] second = MachineStateCodec.encode(state);
    byte[] held = console.bytes();
    return ByteBuffer.allocate(FIXED_BYTES + first.length + held.length + second.length)
        .putInt(first.length)
        .put(first)
        .putLong(console.start())
        .putInt(held.length)
        .put(held)
        .put(second)
        .array();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException if the bytes are not that
   */
  public static MachineSnapshot decode(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    EventRecord header = EventCodec.decode(take(buffer, Integer.BYTES + Long.BYTES));
    long start = buffer.getLong();
    byte[] held = take(buffer, 0);
    byte[] state = new byte[buffer.remaining()];
    buffer.get(state);
    return new MachineSnapshot(header, new Held(start, held), MachineStateCodec.decode(state));
  }

  /** Bytes with their length in front, at least {@code behind} bytes before the end. */
  private static byte[] take(ByteBuffer buffer, int behind) {
    int length = buffer.remaining() < Integer.BYTES ? -1 : buffer.getInt();
    if (length < 0 || length > buffer.remaining() - behind) {
      throw new IllegalArgumentException(
          "machine snapshot is damaged: part length=" + length + " left=" + buffer.remaining());
    }
    byte[] part = new byte[length];
    buffer.get(part);
    return part;
  }
}
