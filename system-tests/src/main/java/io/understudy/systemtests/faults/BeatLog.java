package io.understudy.systemtests.faults;

import io.understudy.failover.coordinator.NodePhase;
import io.understudy.log.ClusterConnection;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.TopicFollower;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Hears all heartbeats of a cluster on a thread of its own, and keeps those of one VM: the newest
 * of each node, and every one in which somebody said something new. Thread-safe.
 */
final class BeatLog implements AutoCloseable {
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(20);

  private final TopicFollower<Heartbeat> follower;
  private final Thread thread = new Thread(this::listen, "beat-log");
  private final List<Heard> changes = new ArrayList<>();
  private final Map<String, Heartbeat> newest = new HashMap<>();
  private String vm = "";
  private volatile boolean closed;

  /**
   * A heartbeat that said something new.
   *
   * @param nanos when it was heard, on the monotonic clock of this process
   */
  record Heard(Heartbeat beat, long nanos) {}

  /** Begins to listen. */
  BeatLog(ClusterConnection connection) {
    follower = HeartbeatTopic.follower(connection, OPEN_TIMEOUT);
    thread.setDaemon(true);
    thread.start();
  }

  /** Forgets everything, and listens to {@code nextVm} from now on. */
  synchronized void watch(String nextVm) {
    vm = nextVm;
    changes.clear();
    newest.clear();
  }

  /** The newest leader that serves, dead or not. */
  synchronized Optional<Heartbeat> leader() {
    return newest.values().stream()
        .filter(beat -> beat.role() == NodeRole.PRIMARY && NodePhase.of(beat) == NodePhase.LIVE)
        .max(Comparator.comparingLong(Heartbeat::term));
  }

  /** The newest heartbeat of a node. */
  synchronized Optional<Heartbeat> newest(String node) {
    return Optional.ofNullable(newest.get(node));
  }

  /** Whether a node has a checkpoint. */
  boolean hasCheckpoint(String node) {
    return newest(node).filter(beat -> beat.checkpointEpoch() > 0).isPresent();
  }

  /** Whether a leader behind {@code term} serves. */
  boolean isPast(long term) {
    return leader().filter(beat -> beat.term() > term).isPresent();
  }

  /** The first change after {@code sinceNanos} that fits. */
  synchronized Optional<Heard> first(long sinceNanos, Predicate<Heartbeat> fits) {
    return changes.stream()
        .filter(heard -> heard.nanos() - sinceNanos >= 0 && fits.test(heard.beat()))
        .findFirst();
  }

  /**
   * What the nodes said that cannot be.
   *
   * @param mayDiffer whether the memory of a replica was changed
   */
  synchronized List<String> violations(boolean mayDiffer) {
    return violations(changes.stream().map(Heard::beat).toList(), mayDiffer);
  }

  /** What cannot be: two leaders of one term, a replica that differs. */
  static List<String> violations(List<Heartbeat> beats, boolean mayDiffer) {
    Map<Long, Set<UUID>> leaders = new TreeMap<>();
    List<String> violations = new ArrayList<>();
    for (Heartbeat beat : beats) {
      if (beat.role() == NodeRole.PRIMARY && NodePhase.of(beat) == NodePhase.LIVE) {
        leaders.computeIfAbsent(beat.term(), term -> new HashSet<>()).add(beat.incarnation());
      }
      if (beat.digestMismatches() > 0 && !mayDiffer) {
        violations.add("a standby differs from the log: " + beat);
      }
    }
    leaders.forEach(
        (term, incarnations) -> {
          if (incarnations.size() > 1) {
            violations.add("several leaders: term=" + term + " incarnations=" + incarnations);
          }
        });
    return violations;
  }

  /** One line for each thing that was said, for people. */
  synchronized String describe() {
    StringBuilder text = new StringBuilder();
    changes.forEach(
        heard ->
            text.append(heard.nanos() / 1_000_000)
                .append(" ms ")
                .append(heard.beat())
                .append('\n'));
    newest.values().forEach(beat -> text.append("newest ").append(beat).append('\n'));
    return text.toString();
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join(OPEN_TIMEOUT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen() {
    try (follower) {
      while (!closed) {
        List<Heartbeat> beats = follower.poll(POLL);
        long nanos = System.nanoTime();
        synchronized (this) {
          beats.stream().filter(beat -> beat.vm().equals(vm)).forEach(beat -> keep(beat, nanos));
        }
      }
    }
  }

  private void keep(Heartbeat beat, long nanos) {
    String speaker =
        beat.role() == NodeRole.COORDINATOR ? "coordinator " + beat.node() : beat.node();
    Heartbeat known = newest.put(speaker, beat);
    if (known == null
        || known.role() != beat.role()
        || known.term() != beat.term()
        || known.digestMismatches() != beat.digestMismatches()
        || !known.phase().equals(beat.phase())
        || !known.incarnation().equals(beat.incarnation())) {
      changes.add(new Heard(beat, nanos));
    }
  }
}
