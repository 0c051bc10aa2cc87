package io.understudy.failover.node;

import io.understudy.log.HeartbeatPublisher;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Protection;
import io.understudy.schemas.Retention;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's sign of life: a heartbeat every interval, and one at once when something changes. Its
 * own thread sends; any thread may tell it what has changed.
 */
final class Pulse implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);
  private static final UUID NO_RUN = new UUID(0, 0);

  /** How far the node is; read for each beat. What it does not say, it has nothing to say of. */
  interface Gauge {
    /** Term it knows of, 0 if none. */
    default long term() {
      return 0;
    }

    /** Last committed or applied epoch, -1 if none. */
    default long epoch() {
      return -1;
    }

    /** Position at its end. */
    default long position() {
      return 0;
    }

    /** Newest checkpoint, -1 if none. */
    default long checkpointEpoch() {
      return -1;
    }

    /** Digests compared. */
    default long digestsVerified() {
      return 0;
    }

    /** How often the machine was not what the log said. */
    default long digestMismatches() {
      return 0;
    }

    /** What protects a leader's run. */
    default Protection protection() {
      return Protection.UNKNOWN;
    }

    /** How much of the time a leader's guest stands still, thousandths. */
    default int throttlePermille() {
      return 0;
    }

    /** What a leader does about the length of its log. */
    default Retention retention() {
      return Retention.UNKNOWN;
    }

    /** First epoch that a leader's log has, -1 if it does not know. */
    default long logFirstEpoch() {
      return -1;
    }
  }

  /** A node that has nothing yet. */
  static final Gauge NOTHING = new Gauge() {};

  /** What a beat says beside the gauge. */
  private record State(UUID run, NodeRole role, String phase, Gauge gauge) {}

  private final NodeSettings settings;
  private final InetSocketAddress console;
  private final HeartbeatPublisher publisher;
  private final UUID incarnation = UUID.randomUUID();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "heartbeat");
            thread.setDaemon(true);
            return thread;
          });
  private volatile State state;

  /**
   * A pulse that has not begun.
   *
   * @param console where the front finds this node
   * @param publisher owned from here on
   */
  Pulse(
      NodeSettings settings,
      InetSocketAddress console,
      HeartbeatPublisher publisher,
      NodeRole role,
      String phase) {
    this.settings = settings;
    this.console = console;
    this.publisher = publisher;
    this.state = new State(NO_RUN, role, phase, NOTHING);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // A beat reports its own failure and never throws.
  void start() {
    Duration interval = settings.heartbeatInterval();
    timer.scheduleAtFixedRate(this::beat, 0, interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** The node follows or leads {@code run} and is as far as {@code gauge} says. */
  void became(UUID run, NodeRole role, String phase, Gauge gauge) {
    state = new State(run, role, phase, gauge);
    timer.execute(this::beat);
  }

  /** The node does something else in its role. */
  void phase(String phase) {
    State old = state;
    state = new State(old.run(), old.role(), phase, old.gauge());
    timer.execute(this::beat);
  }

  private void beat() {
    try {
      publishBeat();
    } catch (RuntimeException | Error failure) {
      // The timer would send no further one, and a leader that is well would be replaced.
      LOG.warn("a heartbeat could not be sent: {}", failure.toString());
    }
  }

  private void publishBeat() {
    State now = state;
    Gauge gauge = now.gauge();
    publisher.publish(
        new Heartbeat(
            settings.vm().text(),
            now.run(),
            settings.node(),
            incarnation,
            now.role(),
            now.phase(),
            gauge.term(),
            gauge.epoch(),
            gauge.position(),
            gauge.checkpointEpoch(),
            console.getAddress().getHostAddress(),
            console.getPort(),
            System.currentTimeMillis(),
            gauge.digestsVerified(),
            gauge.digestMismatches(),
            gauge.protection(),
            gauge.throttlePermille(),
            gauge.retention(),
            gauge.logFirstEpoch()));
  }

  @Override
  public void close() {
    timer.shutdown();
    try {
      // The last beat, which says how it ended, should get out.
      timer.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    publisher.close();
  }
}
