package io.understudy.failover.coordinator;

import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.HeartbeatPublisher;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.LogException;
import io.understudy.log.TopicFollower;
import io.understudy.log.TopicPublisher;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmRecord;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster as it is: Kafka's shared topics, and the ends of event topics.
 *
 * <p>All heartbeats are in the one partition of their topic, which makes a probe that came back
 * prove that every earlier beat was read.
 *
 * <p>Owned by the coordinator's thread, which also owns the consumers in it.
 */
final class KafkaCluster implements ClusterPort {
  private static final Logger LOGGER = LoggerFactory.getLogger(KafkaCluster.class);
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(30);

  /** Bounds the reaction to what is no heartbeat; a heartbeat ends the wait at once. */
  private static final Duration POLL = Duration.ofMillis(5);

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final Duration orderTimeout;

  private TopicFollower<VmRecord> directory;
  private TopicFollower<Heartbeat> heartbeats;
  private TopicFollower<ControlOrder> control;
  private TopicPublisher<ControlOrder> orders;
  private HeartbeatPublisher publisher;
  private Admin admin;
  private boolean contentGiven;

  /** Filled by the admin client's thread; at most one answer per VM is outstanding. */
  private final Queue<EndAnswer> answers = new ConcurrentLinkedQueue<>();

  private final Set<String> asked = new HashSet<>();

  /** How far a VM's log is committed, -1 if the question failed. */
  private record EndAnswer(VmRecord vm, long end) {}

  private KafkaCluster(Duration orderTimeout) {
    this.orderTimeout = orderTimeout;
  }

  /**
   * Reads the content of the shared topics.
   *
   * @throws LogException if that is not possible now
   */
  static KafkaCluster open(ClusterConnection connection, DetectorSettings settings) {
    // Waiting for an order longer than this would look like a stall of the cluster anyway.
    KafkaCluster cluster = new KafkaCluster(settings.clusterStall());
    try {
      cluster.connect(connection);
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void connect(ClusterConnection connection) {
    directory = own(VmDirectory.follower(connection, OPEN_TIMEOUT));
    control = own(ControlTopic.follower(connection, OPEN_TIMEOUT));
    heartbeats = own(HeartbeatTopic.follower(connection, OPEN_TIMEOUT));
    orders = own(ControlTopic.publisher(connection, orderTimeout));
    publisher = own(HeartbeatTopic.publisher(connection));
    admin = own(connection.admin());
  }

  private <T extends AutoCloseable> T own(T resource) {
    opened.push(resource);
    return resource;
  }

  @Override
  public int poll(Inbox inbox) {
    int received = contentGiven ? 0 : giveContent(inbox);
    for (VmRecord vm : directory.poll(Duration.ZERO)) {
      inbox.directory(vm);
      received++;
    }
    for (ControlOrder order : control.poll(Duration.ZERO)) {
      give(order, inbox, false);
      received++;
    }
    for (Heartbeat beat : heartbeats.poll(POLL)) {
      inbox.beat(beat);
      received++;
    }
    for (EndAnswer answer = answers.poll(); answer != null; answer = answers.poll()) {
      asked.remove(answer.vm().vm());
      if (answer.end() >= 0) {
        inbox.committedEnd(answer.vm(), answer.end());
      }
      received++;
    }
    return received;
  }

  private int giveContent(Inbox inbox) {
    contentGiven = true;
    directory.current().values().forEach(inbox::directory);
    heartbeats.current().values().forEach(inbox::beat);
    control.current().values().forEach(order -> give(order, inbox, true));
    return directory.current().size() + heartbeats.current().size() + control.current().size();
  }

  private static void give(ControlOrder order, Inbox inbox, boolean retained) {
    // The others are for nodes.
    if (order instanceof ControlOrder.PromotionOrdered promotion) {
      inbox.order(promotion, retained);
    }
  }

  @Override
  public void beat(Heartbeat beat) {
    publisher.publish(beat);
  }

  @Override
  public boolean order(PromotionOrdered order) {
    try {
      orders.publish(order);
      return true;
    } catch (LogException e) {
      LOGGER.warn(
          "order may not have arrived: vm={} run={} fromTerm={} order={}: {}",
          order.vm(),
          order.run(),
          order.fromTerm(),
          order.orderId(),
          e.getMessage());
      return false;
    }
  }

  @Override
  public void askCommittedEnd(VmRecord vm) {
    if (asked.add(vm.vm())) {
      // Failures are an answer too, taken by the next poll.
      var unused =
          LogEnds.ask(admin, vm)
              .whenComplete(
                  (ends, failure) ->
                      answers.add(new EndAnswer(vm, failure == null ? LogEnds.sum(ends) : -1)));
    }
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        RuntimeException unchecked =
            e instanceof RuntimeException known ? known : new IllegalStateException(e);
        if (failure == null) {
          failure = unchecked;
        } else {
          failure.addSuppressed(unchecked);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
