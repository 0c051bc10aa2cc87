package io.understudy.schemas;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DatumReader;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.Encoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * Avro single-object encoding of one record type (Avro specification, "Single-object encoding"):
 *
 * <pre>
 * C3 01 | CRC-64-AVRO fingerprint of the writer's schema, 8 bytes little-endian | Avro binary
 * </pre>
 *
 * <p>Avro's own {@code BinaryMessageDecoder} is not used because it accepts bytes after the record,
 * which in a log of record means that something else was written there. Thread-safe: Avro's datum
 * readers and writers keep their state per thread.
 */
final class AvroCodec<T extends SpecificRecordBase> {
  private static final byte MAGIC_0 = (byte) 0xC3;
  private static final byte MAGIC_1 = 0x01;
  private static final int HEADER_BYTES = 10;
  private static final int TYPICAL_BYTES = 256;

  private final String type;
  private final long fingerprint;
  private final DatumWriter<T> writer;

  /** Readers by the fingerprint of the schema the bytes were written with. */
  private final Map<Long, DatumReader<T>> readers = new TreeMap<>();

  AvroCodec(Schema schema) {
    SpecificData model = new OwnClassesData();
    this.type = schema.getName();
    this.fingerprint = SchemaNormalization.parsingFingerprint64(schema);
    this.writer = new SpecificDatumWriter<>(schema, model);
    readers.put(fingerprint, new SpecificDatumReader<>(schema, schema, model));
    for (ReleasedSchemas.Released released : ReleasedSchemas.all()) {
      if (released.name().equals(type)) {
        readers.computeIfAbsent(
            released.fingerprint(),
            unused -> new SpecificDatumReader<>(released.schema(), schema, model));
      }
    }
  }

  byte[] encode(T value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(TYPICAL_BYTES);
    out.write(MAGIC_0);
    out.write(MAGIC_1);
    out.writeBytes(
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(0, fingerprint)
            .array());
    Encoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
    try {
      writer.write(value, encoder);
      encoder.flush();
    } catch (IOException e) {
      // A ByteArrayOutputStream does no I/O.
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  T decode(byte[] wire) {
    if (wire.length < HEADER_BYTES) {
      throw new SchemaException(
          "truncated "
              + type
              + " record: expected at least "
              + HEADER_BYTES
              + " bytes of header, found "
              + wire.length
              + " bytes");
    }
    if (wire[0] != MAGIC_0 || wire[1] != MAGIC_1) {
      throw new SchemaException(
          String.format(
              "not a %s record: expected single-object magic c301, found %02x%02x",
              type, wire[0], wire[1]));
    }
    long found = ByteBuffer.wrap(wire).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
    DatumReader<T> reader = readers.get(found);
    if (reader == null) {
      throw new SchemaException(
          "unknown schema of a "
              + type
              + " record: expected one of the fingerprints "
              + readers.keySet().stream().map(ReleasedSchemas::hex).toList()
              + ", found "
              + ReleasedSchemas.hex(found));
    }
    return read(wire, reader);
  }

  /** Runs {@code mapping}; a value outside its documented range is a broken record, not a bug. */
  <D> D map(Supplier<D> mapping) {
    try {
      return mapping.get();
    } catch (IllegalArgumentException e) {
      throw new SchemaException(
          type + " record holds a value outside its range: " + e.getMessage(), e);
    }
  }

  private T read(byte[] wire, DatumReader<T> reader) {
    T value;
    boolean atEnd;
    try {
      BinaryDecoder decoder =
          DecoderFactory.get().binaryDecoder(wire, HEADER_BYTES, wire.length - HEADER_BYTES, null);
      value = reader.read(null, decoder);
      atEnd = decoder.isEnd();
    } catch (IOException | RuntimeException e) {
      // Avro reports broken bytes with many unchecked types, index out of bounds among them.
      throw new SchemaException(
          "broken "
              + type
              + " record: expected one whole Avro record, found "
              + wire.length
              + " bytes that are not: "
              + e,
          e);
    }
    if (!atEnd) {
      throw new SchemaException(
          "trailing bytes after a "
              + type
              + " record: expected the record to fill the value, found "
              + wire.length
              + " bytes");
    }
    return value;
  }
}
