package io.understudy.log;

import io.understudy.schemas.SchemaException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a shared topic: its content when opened, then everything that is written to it.
 *
 * <p>Values that cannot be read are counted and left out, because they come from another build and
 * nothing on these topics decides over correctness. Owned by one thread. While the cluster is away
 * {@link #poll} returns nothing and does not fail.
 *
 * @param <T> type of the topic's values
 */
public final class TopicFollower<T> implements AutoCloseable {
  private static final Logger LOGGER = LoggerFactory.getLogger(TopicFollower.class);
  private static final Duration OPENING_POLL = Duration.ofMillis(100);

  private final SharedTopic<T> topic;
  private final Consumer<String, byte[]> consumer;
  private final SortedMap<String, T> current = new TreeMap<>();
  private long unreadable;

  /** Opens the topic and reads its present content, for as long as {@code timeout} at most. */
  TopicFollower(ClusterConnection connection, SharedTopic<T> topic, Duration timeout) {
    this.topic = topic;
    this.consumer = new KafkaConsumer<>(KafkaSettings.reader(connection));
    try {
      readContent(timeout);
    } catch (KafkaException e) {
      consumer.close();
      throw new LogException(
          "cannot follow topic: topic=" + topic.name() + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /**
   * Values written since the last call, in order, waiting up to {@code timeout} for the first.
   * Content that was there when the follower was opened is not among them.
   */
  public List<T> poll(Duration timeout) {
    List<T> values = new ArrayList<>();
    for (ConsumerRecord<String, byte[]> record : consumer.poll(timeout)) {
      T value = accept(record);
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  /** The newest value of every key, including the content found when opened; a view. */
  public SortedMap<String, T> current() {
    return Collections.unmodifiableSortedMap(current);
  }

  /** Number of values that could not be read. */
  public long unreadable() {
    return unreadable;
  }

  @Override
  public void close() {
    consumer.close();
  }

  private void readContent(Duration timeout) {
    long deadlineNanos = System.nanoTime() + timeout.toNanos();
    TopicPartition partition = new TopicPartition(topic.name(), SharedTopic.PARTITION);
    List<TopicPartition> assigned = List.of(partition);
    consumer.assign(assigned);
    long end = consumer.endOffsets(assigned, timeout).get(partition);
    consumer.seek(partition, consumer.beginningOffsets(assigned, timeout).get(partition));
    while (consumer.position(partition, timeout) < end) {
      if (System.nanoTime() - deadlineNanos >= 0) {
        throw new LogException(
            "cannot read the content of a topic in time: topic="
                + topic.name()
                + " timeout="
                + timeout
                + " endOffset="
                + end);
      }
      consumer.poll(OPENING_POLL).forEach(this::accept);
    }
  }

  /** Returns null for a deleted or unreadable value. */
  private T accept(ConsumerRecord<String, byte[]> record) {
    if (record.value() == null) {
      current.remove(record.key());
      return null;
    }
    try {
      T value = topic.decode().apply(record.value());
      current.put(topic.key().apply(value), value);
      return value;
    } catch (SchemaException e) {
      unreadable++;
      LOGGER.warn(
          "left out an unreadable value: topic={} offset={} key={}: {}",
          topic.name(),
          record.offset(),
          record.key(),
          e.getMessage());
      return null;
    }
  }
}
