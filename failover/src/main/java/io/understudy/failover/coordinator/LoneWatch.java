package io.understudy.failover.coordinator;

import io.understudy.capture.HostClock;
import io.understudy.log.ClusterConnection;
import io.understudy.log.LogException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a node take over without a coordinator: it watches all leaders itself, and when one is dead,
 * no coordinator has been there for a while, and no other standby is further, it orders itself. A
 * false alarm costs a pause and never data, as only the fence decides who writes.
 *
 * <p>Its own thread watches.
 */
public final class LoneWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LoneWatch.class);

  /** Heartbeats of a leader that must be missing before it is dead. */
  public static final int INTERVALS_UNTIL_DEAD = 20;

  private static final Duration LEAST_TIMEOUT = Duration.ofSeconds(1);
  private static final long RETRY_MILLIS = 1_000;

  private final ClusterConnection connection;
  private final CoordinatorSettings settings;
  private final Optional<Duration> quiet;
  private final Thread thread = new Thread(this::watch, "lone-watch");
  private volatile boolean stopped;

  /**
   * A watch that has not begun.
   *
   * @param node this node
   * @param heartbeatInterval of all nodes
   * @param quiet how long no coordinator must have been heard; empty if it is not to watch at all
   */
  public LoneWatch(
      ClusterConnection connection,
      String node,
      Duration heartbeatInterval,
      Optional<Duration> quiet) {
    Duration silence = heartbeatInterval.multipliedBy(INTERVALS_UNTIL_DEAD);
    Duration timeout = silence.compareTo(LEAST_TIMEOUT) > 0 ? silence : LEAST_TIMEOUT;
    this.connection = connection;
    this.quiet = quiet;
    this.settings =
        new CoordinatorSettings(
            node,
            new DetectorSettings(
                heartbeatInterval,
                timeout,
                DetectorSettings.DEFAULT.missedBeats(),
                timeout.dividedBy(2)),
            CoordinatorSettings.of(node).promotionTimeout());
    thread.setDaemon(true);
  }

  /** Begins to watch. */
  public void start() {
    if (quiet.isPresent()) {
      thread.start();
    }
  }

  private void watch() {
    while (!stopped) {
      try (Coordinator alone = open()) {
        while (!stopped) {
          alone.runOnce();
        }
      } catch (LogException | KafkaException away) {
        LOG.warn("cannot watch without a coordinator now, tries again: {}", away.getMessage());
        pause();
      } catch (RuntimeException | Error failure) {
        // The node does its work without; but nobody would notice that it watches no more.
        LOG.error("watching without a coordinator failed, begins anew", failure);
        pause();
      }
    }
  }

  private Coordinator open() {
    return new Coordinator(
        settings,
        new LoneCluster(
            KafkaCluster.open(connection, settings.detector()),
            settings.name(),
            quiet.orElseThrow(),
            HostClock.SYSTEM),
        VmFront.Factory.NONE,
        HostClock.SYSTEM,
        UUID::randomUUID);
  }

  private void pause() {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      stopped = true;
    }
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join(RETRY_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
