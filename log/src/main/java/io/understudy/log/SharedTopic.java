package io.understudy.log;

import java.util.function.Function;

/**
 * A compacted topic of one partition that all VMs share: its name and how its values are read and
 * written.
 *
 * @param name the Kafka topic
 * @param key the key of a value; compaction keeps the newest value of each key
 * @param encode value to bytes
 * @param decode bytes to value, throws SchemaException
 */
record SharedTopic<T>(
    String name, Function<T, String> key, Function<T, byte[]> encode, Function<byte[], T> decode) {
  /** The only partition. */
  static final int PARTITION = 0;
}
