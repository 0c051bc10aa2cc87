package io.understudy.schemas;

import io.understudy.schemas.avro.ControlRecord;

/**
 * Wire format of {@link ControlOrder}: schema {@code ControlRecord.avsc}, single-object encoded.
 *
 * <p>Stateless and thread-safe. Decoding throws {@link SchemaException} and nothing else on any
 * bytes.
 */
public final class ControlCodec {
  private static final AvroCodec<ControlRecord> CODEC =
      new AvroCodec<>(ControlRecord.getClassSchema());

  private ControlCodec() {}

  /** The value of a Kafka record. */
  public static byte[] encode(ControlOrder order) {
    ToAvro payload = new ToAvro();
    order.applyTo(payload);
    return CODEC.encode(new ControlRecord(order.vm(), order.run(), payload.result));
  }

  /** The order that {@code wire} holds, or a {@link SchemaException}. */
  public static ControlOrder decode(byte[] wire) {
    ControlRecord record = CODEC.decode(wire);
    return CODEC.map(() -> fromAvro(record));
  }

  private static ControlOrder fromAvro(ControlRecord record) {
    if (record.getPayload() instanceof io.understudy.schemas.avro.PromotionOrdered promotion) {
      return new ControlOrder.PromotionOrdered(
          record.getVm(),
          record.getRun(),
          promotion.getFromTerm(),
          promotion.getToNode(),
          promotion.getOrderId(),
          promotion.getReason(),
          promotion.getOrderedBy(),
          promotion.getOrderedAtMillis());
    }
    throw new IllegalStateException("no mapping for payload: " + record.getPayload());
  }

  /** Maps an order to the Avro record of the same name; used for one order. */
  private static final class ToAvro implements ControlOrder.Handler {
    private Object result;

    @Override
    public void onPromotionOrdered(ControlOrder.PromotionOrdered order) {
      result =
          new io.understudy.schemas.avro.PromotionOrdered(
              order.fromTerm(),
              order.toNode(),
              order.orderId(),
              order.reason(),
              order.orderedBy(),
              order.orderedAtMillis());
    }
  }
}
