package io.understudy.failover.node;

import io.understudy.capture.snapshot.SnapshotTaker;
import io.understudy.log.ControlTopic;
import io.understudy.log.KafkaSnapshotWriter;
import io.understudy.log.LogException;
import io.understudy.log.LogTopics;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import io.understudy.log.TopicFollower;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.SnapshotOrdered;
import io.understudy.schemas.SnapshotPart;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Obeys orders to take snapshots, for one leadership. A snapshot that fails is forgotten, and costs
 * the leadership nothing: who ordered it orders again.
 *
 * <p>Its own thread does everything; the vCPU thread starts and closes it.
 */
final class SnapshotOrders implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotOrders.class);
  private static final Duration OPENING = Duration.ofSeconds(5);
  private static final Duration EXIT = Duration.ofSeconds(1);
  private static final Duration POLL = Duration.ofMillis(100);

  private final NodeSettings settings;
  private final UUID run;
  private final long term;
  private final SnapshotTaker taker;
  private final Thread thread = new Thread(this::obey, "snapshots");
  private volatile boolean stopped;

  SnapshotOrders(NodeSettings settings, UUID run, long term, SnapshotTaker taker) {
    this.settings = settings;
    this.run = run;
    this.term = term;
    this.taker = taker;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void obey() {
    while (!stopped) {
      try (TopicFollower<ControlOrder> orders =
          ControlTopic.follower(settings.connection(), OPENING)) {
        // One may have been given before this leadership began, and its asker may still wait.
        List.copyOf(orders.current().values()).forEach(order -> consider(order, true));
        while (!stopped) {
          newest(orders.poll(POLL)).forEach(order -> consider(order, false));
        }
      } catch (LogException failure) {
        LOG.warn("orders of snapshots cannot be read: {}", failure.getMessage());
      } catch (RuntimeException failure) {
        if (!stopped) {
          LOG.warn("snapshots: {}", failure.toString());
        }
      }
      pause();
    }
  }

  /** While one was obeyed, an asker may have given up others: only its last one counts. */
  private static Collection<ControlOrder> newest(List<ControlOrder> orders) {
    Map<String, ControlOrder> byKey = new LinkedHashMap<>();
    orders.forEach(order -> byKey.put(order.key(), order));
    return byKey.values();
  }

  private void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(POLL.toMillis());
    } catch (InterruptedException interrupted) {
      stopped = true;
    }
  }

  private void consider(ControlOrder any, boolean isOld) {
    if (!(any instanceof SnapshotOrdered order)
        || !order.vm().equals(settings.vm().text())
        || !order.run().equals(run)
        || stopped) {
      return;
    }
    try (LogTopics topics = new LogTopics(settings.connection())) {
      topics.createSnapshots(settings.vm());
      try (SnapshotDirectory directory =
          SnapshotDirectory.open(settings.connection(), settings.vm(), OPENING)) {
        if (isSettled(order, directory, isOld)) {
          return;
        }
        take(order);
        directory.poll(POLL);
        topics.deleteOldSnapshots(settings.vm(), directory.all(), settings.snapshots().keep());
      }
    } catch (LogException failure) {
      LOG.warn("a snapshot failed: order={}: {}", order.orderId(), failure.getMessage());
    } catch (InterruptedException interrupted) {
      stopped = true;
    }
  }

  /**
   * Whether nobody waits for it any more: it is there, or it is an old order and a snapshot was
   * completed after it, which is as good. Clocks of several hosts decide here; a wrong decision
   * costs one snapshot more, or an order that is given again.
   */
  private boolean isSettled(SnapshotOrdered order, SnapshotDirectory directory, boolean isOld) {
    return directory.find(order.orderId()).isPresent()
        || (isOld
            && directory.of(run).stream()
                .map(StoredSnapshot::manifest)
                .anyMatch(manifest -> manifest.completedAtMillis() > order.orderedAtMillis()));
  }

  private void take(SnapshotOrdered order) throws InterruptedException {
    LOG.info(
        "takes a snapshot: vm={} snapshot={} sinceEpoch={} by={} reason={}",
        order.vm(),
        order.orderId(),
        order.sinceEpoch(),
        order.orderedBy(),
        order.reason());
    try (KafkaSnapshotWriter sink =
        KafkaSnapshotWriter.open(settings.connection(), settings.vm(), run, term)) {
      Optional<SnapshotPart.Completed> taken =
          taker.take(order.orderId(), order.sinceEpoch(), sink);
      taken.ifPresent(
          manifest ->
              LOG.info(
                  "took a snapshot: vm={} snapshot={} sinceEpoch={} epoch={} rounds={} pages={}"
                      + " bytes={} pauseMicros={} millis={}",
                  order.vm(),
                  order.orderId(),
                  manifest.sinceEpoch(),
                  manifest.epoch(),
                  manifest.rounds(),
                  manifest.pages(),
                  manifest.bytes(),
                  manifest.pauseMicros(),
                  manifest.completedAtMillis() - manifest.startedAtMillis()));
    }
  }

  @Override
  public void close() {
    stopped = true;
    taker.stop();
    try {
      // Kafka's clients do not like to be interrupted; without the cluster it is the only way.
      thread.join(EXIT.toMillis());
      thread.interrupt();
      thread.join(EXIT.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
