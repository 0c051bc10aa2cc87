package io.understudy.failover.node;

import io.understudy.log.ClusterConnection;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.LogException;
import io.understudy.log.TopicFollower;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens to the heartbeats of a VM's nodes, this one's own included. Its own thread reads and
 * tells the listener, which can be changed at any time by any thread.
 */
final class Peers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);
  private static final Duration OPENING = Duration.ofSeconds(5);
  private static final Duration RETRY = Duration.ofSeconds(1);

  /** Who hears them; called on the thread of {@link Peers}. */
  interface Listener {
    /** A heartbeat has just come. */
    void heard(Heartbeat beat, long nowNanos);

    /**
     * Called every interval, whether something was heard or not.
     *
     * @param upToNanos the newest moment up to which silence means something: when anybody's
     *     heartbeat came last. While the cluster is disturbed nobody's silence grows.
     */
    void turn(long nowNanos, long upToNanos);
  }

  /** Hands everything to both. */
  record Both(Listener first, Listener second) implements Listener {
    @Override
    public void heard(Heartbeat beat, long nowNanos) {
      first.heard(beat, nowNanos);
      second.heard(beat, nowNanos);
    }

    @Override
    public void turn(long nowNanos, long upToNanos) {
      first.turn(nowNanos, upToNanos);
      second.turn(nowNanos, upToNanos);
    }
  }

  private final ClusterConnection connection;
  private final VmId vm;
  private final Duration interval;
  private final Thread thread;
  private volatile Listener listener;
  private volatile boolean stopped;
  private long lastHeardNanos = System.nanoTime();

  /**
   * Listens once it is started.
   *
   * @param interval how often the listener gets a turn
   */
  Peers(ClusterConnection connection, VmId vm, Duration interval, Listener first) {
    this.connection = connection;
    this.vm = vm;
    this.interval = interval;
    this.listener = first;
    this.thread = new Thread(this::listen, "peers");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Tells somebody else from now on. */
  void tell(Listener next) {
    listener = next;
  }

  private void listen() {
    boolean warned = false;
    while (!stopped) {
      try (TopicFollower<Heartbeat> heartbeats = HeartbeatTopic.follower(connection, OPENING)) {
        follow(heartbeats);
      } catch (LogException | KafkaException unreachable) {
        if (!warned) {
          LOG.warn("cannot hear the other nodes, goes on trying: {}", unreachable.toString());
          warned = true;
        }
        turn();
        LockSupport.parkNanos(RETRY.toNanos());
      } catch (RuntimeException | Error failure) {
        LOG.error("hearing the other nodes failed, begins anew", failure);
        turn();
        LockSupport.parkNanos(RETRY.toNanos());
      }
    }
  }

  /** A leader whose listener had no turns any more would keep its guest's pace for ever. */
  private void turn() {
    try {
      listener.turn(System.nanoTime(), lastHeardNanos);
    } catch (RuntimeException | Error failure) {
      LOG.error("a turn of {} failed", listener, failure);
    }
  }

  private void follow(TopicFollower<Heartbeat> heartbeats) {
    // What is in the topic already says nothing about who lives: it is not looked at.
    while (!stopped) {
      for (Heartbeat beat : heartbeats.poll(interval)) {
        lastHeardNanos = System.nanoTime();
        if (beat.vm().equals(vm.text())) {
          listener.heard(beat, lastHeardNanos);
        }
      }
      turn();
    }
  }

  @Override
  public void close() {
    stopped = true;
    LockSupport.unpark(thread);
    try {
      // Reads nothing that anybody needs any more; a daemon need not be waited for for long.
      thread.join(interval.toMillis() + 1_000);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
