package io.understudy.schemas;

import io.understudy.schemas.avro.MachineState;

/**
 * Wire format of a machine's state in checkpoints and snapshots: schema {@code MachineState.avsc},
 * single-object encoded. The generated record is used as it is; module machine maps it.
 *
 * <p>Stateless and thread-safe. Decoding throws {@link SchemaException} and nothing else on any
 * bytes.
 */
public final class MachineStateCodec {
  private static final AvroCodec<MachineState> CODEC =
      new AvroCodec<>(MachineState.getClassSchema());

  private MachineStateCodec() {}

  /** The state as self-describing bytes. */
  public static byte[] encode(MachineState state) {
    return CODEC.encode(state);
  }

  /** The state that {@code wire} holds, or a {@link SchemaException}. */
  public static MachineState decode(byte[] wire) {
    return CODEC.decode(wire);
  }
}
