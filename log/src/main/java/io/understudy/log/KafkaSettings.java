package io.understudy.log;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * The settings of every Kafka client of this module, with the reason for each.
 *
 * <p>Times of Kafka settings are in milliseconds.
 */
final class KafkaSettings {
  /**
   * How long the coordinator lets a transaction stay open before it aborts it and fences its
   * producer. It bounds how long readers are held up when a leader dies and nobody takes over.
   */
  private static final int TRANSACTION_TIMEOUT_MS = 60_000;

  private static final int MEBIBYTE = 1024 * 1024;

  private KafkaSettings() {}

  /** The one producer that may write a VM's log. */
  static Map<String, Object> epochWriter(
      ClusterConnection connection, String transactionalId, Duration commitTimeout) {
    int timeoutMs = Math.toIntExact(commitTimeout.toMillis());
    Map<String, Object> defaults = new HashMap<>();
    // A commit flushes at once, so lingering costs no latency; it only merges the records of an
    // epoch into one batch. With linger.ms=0 an epoch becomes several requests and is slower.
    defaults.put(ProducerConfig.LINGER_MS_CONFIG, 5);
    defaults.put(ProducerConfig.BATCH_SIZE_CONFIG, MEBIBYTE);
    // Sending blocks when this is full. All but epochs with much transferred state fit many times.
    defaults.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 64L * MEBIBYTE);
    defaults.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    // Most of a take-over is waiting for these: the coordinator answers "still busy" at first.
    defaults.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 5);
    defaults.put(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 100);
    defaults.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 200);
    defaults.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, "false");

    Map<String, Object> required = new HashMap<>();
    required.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    required.put(ProducerConfig.ACKS_CONFIG, "all");
    required.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    required.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, timeoutMs);
    required.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_TIMEOUT_MS);
    // Kafka demands delivery.timeout >= linger + request.timeout. A request that got no answer is
    // repeated after request.timeout, so several tries must fit into the commit timeout.
    required.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, timeoutMs);
    required.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.min(10_000, timeoutMs / 3));
    required.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
    required.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return connection.producerSettings(defaults, required);
  }

  /** A consumer that sees committed records of assigned partitions only, and commits nothing. */
  static Map<String, Object> reader(ClusterConnection connection) {
    Map<String, Object> defaults = new HashMap<>();
    // Catching up is faster with large fetches; together they bound the reader's memory.
    defaults.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 * MEBIBYTE);
    defaults.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 16 * MEBIBYTE);
    defaults.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2000);
    // A broker answers the requests of a connection in turn, so the request for the log's end waits
    // behind a fetch that waits for data: with the default of 500 ms, so would every take-over.
    // New data ends the wait of a fetch at once, whatever this is.
    defaults.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 25);
    defaults.put(ConsumerConfig.RETRY_BACKOFF_MS_CONFIG, 5);
    defaults.put(ConsumerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 100);
    defaults.put(ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 200);
    defaults.put(ConsumerConfig.ENABLE_METRICS_PUSH_CONFIG, "false");

    Map<String, Object> required = new HashMap<>();
    required.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    required.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    required.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    // Never jump: an offset that is gone is an error, not a reason to go on elsewhere.
    required.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    required.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class);
    required.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return connection.consumerSettings(defaults, required);
  }

  /** The producer of snapshots: much is written, and nobody waits for a single record. */
  static Map<String, Object> snapshotWriter(ClusterConnection connection, Duration delivery) {
    int deliveryMs = Math.toIntExact(delivery.toMillis());
    Map<String, Object> defaults = new HashMap<>();
    defaults.put(ProducerConfig.LINGER_MS_CONFIG, 5);
    defaults.put(ProducerConfig.BATCH_SIZE_CONFIG, MEBIBYTE);
    // Sending blocks when this is full, so it bounds what a snapshot costs the primary in memory.
    defaults.put(ProducerConfig.BUFFER_MEMORY_CONFIG, 8L * MEBIBYTE);
    defaults.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    defaults.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 200);
    defaults.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, "false");

    Map<String, Object> required = new HashMap<>();
    required.put(ProducerConfig.ACKS_CONFIG, "all");
    // Pieces must be in the topic once and in order.
    required.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    required.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, deliveryMs);
    required.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, deliveryMs);
    required.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, deliveryMs / 3);
    required.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
    required.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return connection.producerSettings(defaults, required);
  }

  /**
   * The producer of a shared topic.
   *
   * @param maxBlock how long a send may block its caller
   * @param delivery after what time a record that was not acknowledged is given up
   */
  static Map<String, Object> publisher(
      ClusterConnection connection, Duration maxBlock, Duration delivery) {
    int deliveryMs = Math.toIntExact(delivery.toMillis());
    Map<String, Object> defaults = new HashMap<>();
    defaults.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    defaults.put(ProducerConfig.BUFFER_MEMORY_CONFIG, (long) MEBIBYTE);
    defaults.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 5);
    defaults.put(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 100);
    defaults.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 200);
    defaults.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, "false");

    Map<String, Object> required = new HashMap<>();
    required.put(ProducerConfig.ACKS_CONFIG, "all");
    required.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    required.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, maxBlock.toMillis());
    required.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, deliveryMs);
    required.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, deliveryMs / 2);
    required.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
    required.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return connection.producerSettings(defaults, required);
  }
}
