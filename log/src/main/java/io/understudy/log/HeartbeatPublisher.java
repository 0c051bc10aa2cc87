package io.understudy.log;

import io.understudy.schemas.Heartbeat;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends heartbeats without ever holding up its caller: a beat that cannot be sent now is worth
 * nothing later, so it is dropped and counted.
 *
 * <p>Thread-safe, as Kafka's producer is.
 */
public final class HeartbeatPublisher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeartbeatPublisher.class);

  /**
   * While the topic's leader is unknown a send fails at once, and asks for the leader in the
   * background, so that a later beat finds it.
   */
  private static final Duration MAX_BLOCK = Duration.ZERO;

  /** A beat older than this is no sign of life any more. */
  private static final Duration DELIVERY = Duration.ofSeconds(3);

  /**
   * Beats that may wait for the cluster. A producer whose buffer is full holds up its caller, so
   * that point must not be reached; at ten beats a second, {@link #DELIVERY} lets 30 wait.
   */
  private static final long MAX_PENDING = 64;

  private final Producer<String, byte[]> producer;
  private final AtomicLong pending = new AtomicLong();
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicBoolean refused = new AtomicBoolean();

  HeartbeatPublisher(ClusterConnection connection) {
    this.producer = new KafkaProducer<>(KafkaSettings.publisher(connection, MAX_BLOCK, DELIVERY));
  }

  /** Sends {@code heartbeat} or drops it; never throws because of the cluster. */
  public void publish(Heartbeat heartbeat) {
    if (pending.get() >= MAX_PENDING) {
      dropped.incrementAndGet();
      return;
    }
    SharedTopic<Heartbeat> topic = HeartbeatTopic.TOPIC;
    pending.incrementAndGet();
    try {
      // Failures later than this call are counted by the callback.
      var unused =
          producer.send(
              new ProducerRecord<>(
                  topic.name(),
                  SharedTopic.PARTITION,
                  topic.key().apply(heartbeat),
                  topic.encode().apply(heartbeat)),
              (metadata, failure) -> {
                settle(failure == null ? delivered : dropped);
                warnIfRefused(failure);
              });
    } catch (KafkaException e) {
      settle(dropped);
    }
  }

  /** Everything else passes by itself; this does not, and the node would look dead. */
  private void warnIfRefused(Exception failure) {
    if (failure instanceof AuthorizationException && refused.compareAndSet(false, true)) {
      LOG.error("heartbeats are refused, so this process looks dead: {}", failure.getMessage());
    }
  }

  private void settle(AtomicLong outcome) {
    pending.decrementAndGet();
    outcome.incrementAndGet();
  }

  /** Whether the cluster does not allow this process to send any. */
  public boolean isRefused() {
    return refused.get();
  }

  /** Beats that are in the topic. */
  public long delivered() {
    return delivered.get();
  }

  /** Beats that were given up. */
  public long dropped() {
    return dropped.get();
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }
}
