package io.understudy.failover.node;

import io.understudy.kvm.KvmUnavailableException;
import io.understudy.kvm.TapException;
import io.understudy.log.LogCorruptException;
import io.understudy.log.LogException;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.UnsupportedClusterException;
import io.understudy.machine.BadImageException;
import io.understudy.machine.RunRefusedException;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.replay.checkpoint.CheckpointDamagedException;
import io.understudy.replay.checkpoint.CheckpointStoreException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.KafkaException;

/**
 * Decides how a VM in a node process goes on when its primary or its standby has ended, and how
 * long it waits before that: longer each time, up to a bound, and short again after an attempt that
 * lasted.
 *
 * <p>Owned by the VM's thread.
 */
final class Comeback {
  /** How it goes on. */
  enum Next {
    /** As a standby, with the checkpoints that are there. */
    AGAIN,
    /** As a standby, but the checkpoints are good for nothing: from the log or a snapshot. */
    WITHOUT_STORE,
    /** The run is over; a new one may begin some day. */
    AWAIT_RUN,
    /** Not at all: somebody asked for the end. */
    END,
    /** Not at all: a person has to do something first. */
    GIVE_UP
  }

  /** Waits begin here: a fenced leader should follow its successor soon. */
  static final Duration SHORTEST = Duration.ofMillis(200);

  /** Waits grow up to here. */
  static final Duration LONGEST = Duration.ofSeconds(30);

  /** An attempt that lasted this long was not in vain. */
  static final Duration LASTING = Duration.ofSeconds(10);

  /** Failures that nobody foresaw, one soon after the other, after which it is given up. */
  static final int UNFORESEEN_LIMIT = 5;

  /** What no repetition changes: the host, its files, the options, the log. */
  private static final List<Class<? extends Throwable>> HOPELESS =
      List.of(
          KvmUnavailableException.class,
          TapException.class,
          RunRefusedException.class,
          BadImageException.class,
          UncheckedIOException.class,
          UnsupportedClusterException.class,
          LogCorruptException.class,
          IllegalArgumentException.class);

  private static final List<Class<? extends Throwable>> STORE_USELESS =
      List.of(CheckpointDamagedException.class, ReplayDivergenceException.class);

  /** What may be different soon: the cluster answers again, another process lets go. */
  private static final List<Class<? extends Throwable>> PASSING =
      List.of(LogException.class, KafkaException.class, CheckpointStoreException.class);

  private final RandomGenerator jitter;
  private int soonFailed;
  private int unforeseen;

  /**
   * Begins with the shortest wait.
   *
   * @param jitter spreads the waits of nodes that failed together
   */
  Comeback(RandomGenerator jitter) {
    this.jitter = jitter;
  }

  /** An attempt that lasted {@code lasted} has ended by itself. */
  Next after(NodeExit exit, Duration lasted) {
    count(lasted, exit.kind() == NodeExit.Kind.FAILED);
    return switch (exit.kind()) {
      case REQUESTED, DETACHED -> Next.END;
      case GUEST_ENDED -> Next.AWAIT_RUN;
      case FENCED, LOG_TIMEOUT -> Next.AGAIN;
      case DIVERGED -> Next.WITHOUT_STORE;
      case FAILED -> unforeseen < UNFORESEEN_LIMIT ? Next.AGAIN : Next.GIVE_UP;
    };
  }

  /**
   * An attempt that lasted {@code lasted} has failed.
   *
   * @param hasStore whether there are checkpoints that could be blamed
   */
  Next after(Throwable failure, boolean hasStore, Duration lasted) {
    boolean hopeless = isOneOf(HOPELESS, failure);
    boolean storeUseless = isOneOf(STORE_USELESS, failure) || isCutOff(failure);
    boolean foreseen = storeUseless || isOneOf(PASSING, failure);
    count(lasted, !foreseen);
    if (hopeless || unforeseen >= UNFORESEEN_LIMIT) {
      return Next.GIVE_UP;
    }
    if (storeUseless && hasStore) {
      return Next.WITHOUT_STORE;
    }
    // Whoever may begin with a snapshot gets here only when none could be used. And where the log
    // ends before the checkpoints, they are all that is left of what it had acknowledged.
    return failure instanceof LogTruncatedException ? Next.GIVE_UP : Next.AGAIN;
  }

  private static boolean isCutOff(Throwable failure) {
    return failure instanceof LogTruncatedException truncated && truncated.isCutOff();
  }

  /** How long to wait before the next attempt, for half of the time that is due at least. */
  Duration pause() {
    int doublings = Math.min(Math.max(0, soonFailed - 1), 10);
    long due = Math.min(LONGEST.toMillis(), SHORTEST.toMillis() << doublings);
    return Duration.ofMillis(due / 2 + jitter.nextLong(due / 2 + 1));
  }

  private void count(Duration lasted, boolean isUnforeseen) {
    boolean soon = lasted.compareTo(LASTING) < 0;
    soonFailed = soon ? soonFailed + 1 : 1;
    unforeseen = isUnforeseen ? (soon ? unforeseen + 1 : 1) : 0;
  }

  private static boolean isOneOf(List<Class<? extends Throwable>> types, Throwable failure) {
    return types.stream().anyMatch(type -> type.isInstance(failure));
  }
}
