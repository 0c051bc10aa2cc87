package io.understudy.failover.node;

import io.understudy.capture.snapshot.SnapshotTaker;
import io.understudy.log.KafkaSnapshotWriter;
import io.understudy.log.LogException;
import io.understudy.log.LogExtent;
import io.understudy.log.LogTopics;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.SnapshotOrdered;
import io.understudy.schemas.SnapshotPart;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
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
  private final OrderBoard board;
  private final UUID run;
  private final long term;
  private final SnapshotTaker taker;
  private final Thread thread = new Thread(this::obey, "snapshots");
  private OrderBoard.Subscription subscription;
  private volatile boolean stopped;

  /**
   * Orders to be obeyed, by key: while one is, an asker may give up others, and only its last one
   * counts.
   */
  private final Map<String, Asked> waiting = new LinkedHashMap<>();

  /** An order, and whether it was given before this leadership began. */
  private record Asked(SnapshotOrdered order, boolean isOld) {}

  SnapshotOrders(
      NodeSettings settings, OrderBoard board, UUID run, long term, SnapshotTaker taker) {
    this.settings = settings;
    this.board = board;
    this.run = run;
    this.term = term;
    this.taker = taker;
    thread.setDaemon(true);
  }

  void start() {
    // In this order: none is missed, and one that is given in between is a new one.
    subscription = board.subscribe(order -> ask(order, false));
    board.snapshots(settings.vm()).forEach(order -> ask(order, true));
    thread.start();
  }

  private void ask(ControlOrder any, boolean isOld) {
    if (any instanceof SnapshotOrdered order
        && order.vm().equals(settings.vm().text())
        && order.run().equals(run)) {
      synchronized (waiting) {
        if (!isOld || !waiting.containsKey(order.key())) {
          waiting.put(order.key(), new Asked(order, isOld));
        }
        waiting.notifyAll();
      }
    }
  }

  private void obey() {
    try {
      while (!stopped) {
        Asked next = next();
        if (next != null) {
          consider(next.order(), next.isOld());
        }
      }
    } catch (InterruptedException interrupted) {
      stopped = true;
    }
  }

  /** Null when there is none yet. */
  @SuppressWarnings("WaitNotInLoop") // The caller is the loop.
  private Asked next() throws InterruptedException {
    synchronized (waiting) {
      if (waiting.isEmpty()) {
        waiting.wait(POLL.toMillis());
      }
      Iterator<Asked> first = waiting.values().iterator();
      Asked next = first.hasNext() ? first.next() : null;
      if (next != null) {
        first.remove();
      }
      return next;
    }
  }

  private void consider(SnapshotOrdered order, boolean isOld) throws InterruptedException {
    try (LogTopics topics = new LogTopics(settings.connection())) {
      topics.createSnapshots(settings.vm());
      try (SnapshotDirectory directory =
          SnapshotDirectory.open(settings.connection(), settings.vm(), OPENING)) {
        if (isSettled(order, directory, isOld)) {
          return;
        }
        take(order);
        directory.poll(POLL);
        deleteOld(topics, directory);
      }
    } catch (LogException failure) {
      LOG.warn("a snapshot failed: order={}: {}", order.orderId(), failure.getMessage());
    } catch (RuntimeException | Error failure) {
      if (!stopped) {
        LOG.warn("a snapshot failed: order={}: {}", order.orderId(), failure.toString());
      }
    }
  }

  /** A failure costs space until the next snapshot, no more. */
  private void deleteOld(LogTopics topics, SnapshotDirectory directory) {
    try {
      topics.deleteOldSnapshots(
          settings.vm(),
          directory.all(),
          settings.snapshots().keep(),
          LogExtent.of(settings.connection(), settings.vm()),
          !settings.snapshots().retention().isOff());
    } catch (LogException failure) {
      LOG.warn("outdated snapshots were not deleted: {}", failure.getMessage());
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
    if (subscription != null) {
      subscription.close();
    }
    taker.stop();
    ThreadEnd.await(thread, EXIT);
  }
}
