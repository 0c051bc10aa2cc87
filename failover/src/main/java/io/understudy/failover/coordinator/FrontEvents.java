package io.understudy.failover.coordinator;

import io.understudy.capture.HostClock;
import io.understudy.failover.front.Endpoint;
import io.understudy.failover.front.FrontListener;
import io.understudy.failover.front.LinkLoss;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the fronts' threads tell the coordinator's thread. Safe for use by all of them.
 *
 * <p>Bounded; when full the coordinator's thread has not run for a very long time, and it fails as
 * soon as it does.
 */
final class FrontEvents {
  private static final Logger LOGGER = LoggerFactory.getLogger(FrontEvents.class);
  private static final int CAPACITY = 4096;

  private final HostClock clock;
  private final BlockingQueue<Event> events = new ArrayBlockingQueue<>(CAPACITY);
  private volatile boolean overflowed;

  /** What an {@link Event} says. */
  enum Kind {
    LINK_LOST,
    LINK_REFUSED,
    LINK_UP,
    FIRST_OUTPUT,
    CONTRADICTED,
    FAILED
  }

  /** One message; {@code node} is empty and {@code term} 0 where they do not apply. */
  record Event(
      UUID run, Kind kind, Optional<Endpoint> node, long term, String detail, long atNanos) {}

  FrontEvents(HostClock clock) {
    this.clock = clock;
  }

  /** All messages since the last call, in order. */
  Queue<Event> take() {
    if (overflowed) {
      throw new IllegalStateException("events of the fronts were not taken: capacity=" + CAPACITY);
    }
    Queue<Event> taken = new ArrayDeque<>();
    events.drainTo(taken);
    return taken;
  }

  /** The listener of the front of {@code run}. */
  FrontListener listener(String vm, UUID run) {
    return new FrontListener() {
      @Override
      public void linkLost(Endpoint node, LinkLoss loss, String detail) {
        // The others are decisions of the front or say nothing about the process.
        if (loss == LinkLoss.CLOSED || loss == LinkLoss.SILENT || loss == LinkLoss.GOODBYE) {
          add(Kind.LINK_LOST, Optional.of(node), 0, detail);
        }
      }

      @Override
      public void linkRefused(Endpoint node, String detail) {
        add(Kind.LINK_REFUSED, Optional.of(node), 0, detail);
      }

      @Override
      public void attached(Endpoint node, long term) {
        add(Kind.LINK_UP, Optional.of(node), term, "");
      }

      @Override
      public void firstOutput(Endpoint node, long term, Instant when) {
        add(Kind.FIRST_OUTPUT, Optional.of(node), term, "");
      }

      @Override
      public void inconsistent(Endpoint node, String what) {
        LOGGER.error(
            "front stopped, node contradicts it: vm={} run={} node={}: {}", vm, run, node, what);
        add(Kind.CONTRADICTED, Optional.of(node), 0, what);
      }

      @Override
      public void failed(Throwable failure) {
        LOGGER.error("front failed: vm={} run={}", vm, run, failure);
        add(Kind.FAILED, Optional.empty(), 0, failure.toString());
      }

      private void add(Kind kind, Optional<Endpoint> node, long term, String detail) {
        if (!events.offer(new Event(run, kind, node, term, detail, clock.nanoTime()))) {
          overflowed = true;
        }
      }
    };
  }
}
