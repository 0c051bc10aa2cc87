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
    Object payload = record.getPayload();
    if (payload instanceof io.understudy.schemas.avro.PromotionOrdered promotion) {
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
    if (payload instanceof io.understudy.schemas.avro.LifeOrdered life) {
      return new ControlOrder.LifeOrdered(
          record.getVm(),
          record.getRun(),
          ControlOrder.Life.valueOf(life.getLife().name()),
          life.getOrderId(),
          life.getReason(),
          life.getOrderedBy(),
          life.getOrderedAtMillis());
    }
    if (payload instanceof io.understudy.schemas.avro.StandbyOrdered standby) {
      return new ControlOrder.StandbyOrdered(
          record.getVm(),
          record.getRun(),
          standby.getNode(),
          standby.getAttached(),
          standby.getOrderId(),
          standby.getReason(),
          standby.getOrderedBy(),
          standby.getOrderedAtMillis());
    }
    if (payload instanceof io.understudy.schemas.avro.SnapshotOrdered snapshot) {
      return new ControlOrder.SnapshotOrdered(
          record.getVm(),
          record.getRun(),
          snapshot.getSinceEpoch(),
          snapshot.getOrderId(),
          snapshot.getReason(),
          snapshot.getOrderedBy(),
          snapshot.getOrderedAtMillis());
    }
    throw new IllegalStateException("no mapping for payload: " + payload);
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

    @Override
    public void onLifeOrdered(ControlOrder.LifeOrdered order) {
      result =
          new io.understudy.schemas.avro.LifeOrdered(
              io.understudy.schemas.avro.Life.valueOf(order.life().name()),
              order.orderId(),
              order.reason(),
              order.orderedBy(),
              order.orderedAtMillis());
    }

    @Override
    public void onStandbyOrdered(ControlOrder.StandbyOrdered order) {
      result =
          new io.understudy.schemas.avro.StandbyOrdered(
              order.node(),
              order.attached(),
              order.orderId(),
              order.reason(),
              order.orderedBy(),
              order.orderedAtMillis());
    }

    @Override
    public void onSnapshotOrdered(ControlOrder.SnapshotOrdered order) {
      result =
          new io.understudy.schemas.avro.SnapshotOrdered(
              order.sinceEpoch(),
              order.orderId(),
              order.reason(),
              order.orderedBy(),
              order.orderedAtMillis());
    }
  }
}
