package io.understudy.schemas;

/**
 * Wire format of {@link Heartbeat}: schema {@code Heartbeat.avsc}, single-object encoded.
 *
 * <p>Stateless and thread-safe. Decoding throws {@link SchemaException} and nothing else on any
 * bytes.
 */
public final class HeartbeatCodec {
  private static final AvroCodec<io.understudy.schemas.avro.Heartbeat> CODEC =
      new AvroCodec<>(io.understudy.schemas.avro.Heartbeat.getClassSchema());

  private HeartbeatCodec() {}

  /** The value of a Kafka record. */
  public static byte[] encode(Heartbeat heartbeat) {
    return CODEC.encode(
        new io.understudy.schemas.avro.Heartbeat(
            heartbeat.vm(),
            heartbeat.run(),
            heartbeat.node(),
            heartbeat.incarnation(),
            io.understudy.schemas.avro.NodeRole.valueOf(heartbeat.role().name()),
            heartbeat.phase(),
            heartbeat.term(),
            heartbeat.epoch(),
            heartbeat.position(),
            heartbeat.checkpointEpoch(),
            heartbeat.consoleHost(),
            heartbeat.consolePort(),
            heartbeat.sentAtMillis(),
            heartbeat.digestsVerified(),
            heartbeat.digestMismatches(),
            io.understudy.schemas.avro.Protection.valueOf(heartbeat.protection().name()),
            heartbeat.throttlePermille(),
            io.understudy.schemas.avro.Retention.valueOf(heartbeat.retention().name()),
            heartbeat.logFirstEpoch()));
  }

  /** The heartbeat that {@code wire} holds, or a {@link SchemaException}. */
  public static Heartbeat decode(byte[] wire) {
    io.understudy.schemas.avro.Heartbeat heartbeat = CODEC.decode(wire);
    return CODEC.map(
        () ->
            new Heartbeat(
                heartbeat.getVm(),
                heartbeat.getRun(),
                heartbeat.getNode(),
                heartbeat.getIncarnation(),
                NodeRole.valueOf(heartbeat.getRole().name()),
                heartbeat.getPhase(),
                heartbeat.getTerm(),
                heartbeat.getEpoch(),
                heartbeat.getPosition(),
                heartbeat.getCheckpointEpoch(),
                heartbeat.getConsoleHost(),
                heartbeat.getConsolePort(),
                heartbeat.getSentAtMillis(),
                heartbeat.getDigestsVerified(),
                heartbeat.getDigestMismatches(),
                Protection.valueOf(heartbeat.getProtection().name()),
                heartbeat.getThrottlePermille(),
                Retention.valueOf(heartbeat.getRetention().name()),
                heartbeat.getLogFirstEpoch()));
  }
}
