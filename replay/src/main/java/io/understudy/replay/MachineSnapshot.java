package io.understudy.replay;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.MachineStateCodec;
import io.understudy.schemas.avro.MachineState;
import java.nio.ByteBuffer;

/**
 * What a checkpoint keeps of a machine beside its memory: the run's header, which says what the
 * machine is made of, and the state of vCPU and devices.
 *
 * <pre>
 *   int32    length of the header, big-endian
 *   bytes    the run's first event, encoded as in the log
 *   bytes    the machine's state, single-object encoded
 * </pre>
 *
 * @param header the run's first event, a RunStarted
 * @param state vCPU and devices
 */
record MachineSnapshot(EventRecord header, MachineState state) {
  MachineSnapshot {
    if (!(header.event() instanceof RunStarted)) {
      throw new IllegalArgumentException(
          "a run's first event is RunStarted, not " + header.event().typeName());
    }
  }

  RunStarted runStarted() {
    return (RunStarted) header.event();
  }

  byte[] encode() {
    byte[] first = EventCodec.encode(header);
    byte[] second = MachineStateCodec.encode(state);
    return ByteBuffer.allocate(Integer.BYTES + first.length + second.length)
        .putInt(first.length)
        .put(first)
        .put(second)
        .array();
  }

  /**
   * Reads what {@link #encode} wrote.
   *
   * @throws io.understudy.schemas.SchemaException if the bytes are not that
   */
  static MachineSnapshot decode(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (bytes.length < Integer.BYTES
        || buffer.getInt(0) < 0
        || buffer.getInt(0) > bytes.length - Integer.BYTES) {
      throw new IllegalArgumentException("machine snapshot is truncated: length=" + bytes.length);
    }
    byte[] first = new byte[buffer.getInt()];
    buffer.get(first);
    byte[] second = new byte[buffer.remaining()];
    buffer.get(second);
    return new MachineSnapshot(EventCodec.decode(first), MachineStateCodec.decode(second));
  }
}
