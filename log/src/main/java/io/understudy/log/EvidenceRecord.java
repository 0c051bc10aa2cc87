package io.understudy.log;

import static java.util.Objects.requireNonNull;

/**
 * A committed record as it lies in Kafka: what an evidence file holds of each. The value is not
 * copied and must not be changed.
 *
 * @param partition of the event topic, from 0
 * @param offset in that partition, from 0
 * @param timestampMillis Kafka's timestamp, milliseconds since 1970-01-01T00:00Z
 * @param key the record's key, null if it has none
 * @param value its wire bytes
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on and never compared.
record EvidenceRecord(int partition, long offset, long timestampMillis, String key, byte[] value) {
  EvidenceRecord {
    requireNonNull(value, "value");
  }
}
