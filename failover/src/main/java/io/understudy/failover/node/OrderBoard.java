package io.understudy.failover.node;

import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.LogException;
import io.understudy.log.TopicFollower;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.LifeOrdered;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.ControlOrder.SnapshotOrdered;
import io.understudy.schemas.ControlOrder.StandbyOrdered;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest order of each kind for each VM, as the control topic has it: one for a process. Orders
 * that were given before it was started are on it, too; who obeys checks run and term.
 *
 * <p>Its own thread reads; any thread asks.
 */
public final class OrderBoard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OrderBoard.class);
  private static final Duration OPENING = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(100);

  /** Permissions do not come back by themselves. */
  private static final Duration REFUSED = Duration.ofSeconds(5);

  private final ClusterConnection connection;
  private final Map<String, ControlOrder> newest = new ConcurrentHashMap<>();
  private final List<Consumer<ControlOrder>> listeners = new CopyOnWriteArrayList<>();
  private final Thread thread = new Thread(this::listen, "orders");
  private final CountDownLatch read = new CountDownLatch(1);
  private volatile boolean stopped;

  /** A board that is empty until {@link #start}. */
  public OrderBoard(ClusterConnection connection) {
    this.connection = connection;
    thread.setDaemon(true);
  }

  /** Begins to read. */
  public void start() {
    thread.start();
  }

  /** Waits until what was ordered before is on it, for as long as {@code timeout} at most. */
  void awaitRead(Duration timeout) throws InterruptedException {
    read.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** What ends a subscription. */
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /** The newest order to promote somebody for {@code vm}. */
  Optional<PromotionOrdered> promotion(VmId vm) {
    return at(vm.text(), PromotionOrdered.class);
  }

  /** How {@code run} shall live; empty if nobody ever said so. */
  Optional<LifeOrdered> life(VmId vm, UUID run) {
    return at(LifeOrdered.key(vm.text()), LifeOrdered.class)
        .filter(order -> order.run().equals(run));
  }

  /** Whether {@code node} was told to leave {@code run} alone; by whom and why. */
  Optional<StandbyOrdered> detached(VmId vm, String node, UUID run) {
    return at(StandbyOrdered.key(vm.text(), node), StandbyOrdered.class)
        .filter(order -> order.run().equals(run) && !order.attached());
  }

  /** Whether the newest that {@code node} was told about {@code vm} is to follow it. */
  boolean isAttached(VmId vm, String node) {
    return at(StandbyOrdered.key(vm.text(), node), StandbyOrdered.class)
        .filter(StandbyOrdered::attached)
        .isPresent();
  }

  /** The newest order of a snapshot of each asker. */
  List<SnapshotOrdered> snapshots(VmId vm) {
    return newest.values().stream()
        .filter(SnapshotOrdered.class::isInstance)
        .map(SnapshotOrdered.class::cast)
        .filter(order -> order.vm().equals(vm.text()))
        .toList();
  }

  private <T extends ControlOrder> Optional<T> at(String key, Class<T> type) {
    return Optional.ofNullable(newest.get(key)).filter(type::isInstance).map(type::cast);
  }

  /** Hands every order to {@code listener} when it comes, by the board's thread. */
  Subscription subscribe(Consumer<ControlOrder> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  private void listen() {
    while (!stopped) {
      try (TopicFollower<ControlOrder> orders = ControlTopic.follower(connection, OPENING)) {
        orders.current().values().forEach(this::post);
        read.countDown();
        while (!stopped) {
          orders.poll(POLL).forEach(this::post);
        }
      } catch (LogException | KafkaException away) {
        // Without orders a node does what it does; it must hear them when the cluster is back.
        boolean refused =
            away instanceof AuthorizationException
                || away.getCause() instanceof AuthorizationException;
        if (refused) {
          LOG.error("orders may not be read, so this node cannot take over: {}", away.getMessage());
        } else {
          LOG.warn("orders cannot be read, tries again: {}", away.getMessage());
        }
        pause(refused ? REFUSED : POLL);
      } catch (RuntimeException | Error failure) {
        // No VM of the process would hear an order any more, and nobody would notice.
        LOG.error("reading orders failed, begins anew", failure);
        pause(POLL);
      }
    }
  }

  private void pause(Duration pause) {
    try {
      Thread.sleep(pause.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      stopped = true;
    }
  }

  private void post(ControlOrder order) {
    ControlOrder before = newest.put(order.key(), order);
    if (before != null && before.orderId().equals(order.orderId())) {
      return;
    }
    for (Consumer<ControlOrder> listener : listeners) {
      try {
        listener.accept(order);
      } catch (RuntimeException | Error failure) {
        // It is not given again; the others are of other VMs.
        LOG.error("an order could not be obeyed: {}", order, failure);
      }
    }
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join(2 * POLL.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
