package io.understudy.log;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Writes a shared topic and waits for every acknowledgement. For values that must arrive: VM
 * entries and orders.
 *
 * <p>Owned by one thread.
 *
 * @param <T> type of the topic's values
 */
public final class TopicPublisher<T> implements AutoCloseable {
  private final SharedTopic<T> topic;
  private final Producer<String, byte[]> producer;

  TopicPublisher(ClusterConnection connection, SharedTopic<T> topic, Duration timeout) {
    this.topic = topic;
    this.producer = new KafkaProducer<>(KafkaSettings.publisher(connection, timeout, timeout));
  }

  /**
   * Returns once {@code value} is in the topic.
   *
   * @throws LogException if it was not acknowledged in time; it may arrive all the same
   */
  public void publish(T value) {
    String key = topic.key().apply(value);
    try {
      producer
          .send(
              new ProducerRecord<>(
                  topic.name(), SharedTopic.PARTITION, key, topic.encode().apply(value)))
          .get();
    } catch (ExecutionException e) {
      throw new LogException(
          "not published: topic=" + topic.name() + " key=" + key + ": " + e.getCause(),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LogException("interrupted: topic=" + topic.name() + " key=" + key, e);
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }
}
