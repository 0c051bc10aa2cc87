package io.understudy.schemas;

/**
 * Wire format of {@link VmRecord}: schema {@code VmRecord.avsc}, single-object encoded.
 *
 * <p>Stateless and thread-safe. Decoding throws {@link SchemaException} and nothing else on any
 * bytes.
 */
public final class VmCodec {
  private static final AvroCodec<io.understudy.schemas.avro.VmRecord> CODEC =
      new AvroCodec<>(io.understudy.schemas.avro.VmRecord.getClassSchema());

  private VmCodec() {}

  /** The value of a Kafka record. */
  public static byte[] encode(VmRecord record) {
    return CODEC.encode(
        new io.understudy.schemas.avro.VmRecord(
            record.vm(),
            record.run(),
            record.partitions(),
            record.guest(),
            record.memoryBytes(),
            io.understudy.schemas.avro.VmStatus.valueOf(record.status().name()),
            record.term(),
            record.node(),
            record.startedAtMillis(),
            record.updatedAtMillis()));
  }

  /** The record that {@code wire} holds, or a {@link SchemaException}. */
  public static VmRecord decode(byte[] wire) {
    io.understudy.schemas.avro.VmRecord record = CODEC.decode(wire);
    return CODEC.map(
        () ->
            new VmRecord(
                record.getVm(),
                record.getRun(),
                record.getPartitions(),
                record.getGuest(),
                record.getMemoryBytes(),
                VmStatus.valueOf(record.getStatus().name()),
                record.getTerm(),
                record.getNode(),
                record.getStartedAtMillis(),
                record.getUpdatedAtMillis()));
  }
}
