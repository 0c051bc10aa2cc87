package io.understudy.failover.coordinator;

import java.time.Duration;

/**
 * When a leader counts as dead. Immutable.
 *
 * @param heartbeatInterval how often nodes send heartbeats, and a coordinator its probe
 * @param timeout confirmed silence after which a leader is dead
 * @param missedBeats intervals of silence after which a leader is suspected; also the silence that
 *     is enough when other evidence says that its process is gone
 * @param clusterStall a probe older than this means that Kafka is disturbed; afterwards every
 *     leader has its full timeout again
 */
public record DetectorSettings(
    Duration heartbeatInterval, Duration timeout, int missedBeats, Duration clusterStall) {
  /** Heartbeats every 50 ms, dead after 1 s, or after 150 ms when the process is gone. */
  public static final DetectorSettings DEFAULT =
      new DetectorSettings(Duration.ofMillis(50), Duration.ofSeconds(1), 3, Duration.ofMillis(500));

  /** Refuses values that contradict each other with an {@link IllegalArgumentException}. */
  public DetectorSettings {
    if (heartbeatInterval.toMillis() < 1) {
      throw new IllegalArgumentException(
          "heartbeatInterval must be at least 1 ms: heartbeatInterval=" + heartbeatInterval);
    }
    if (missedBeats < 2) {
      throw new IllegalArgumentException(
          "missedBeats must be at least 2, or the gap between two beats is suspicious: missedBeats="
              + missedBeats);
    }
    // A leader must be suspected before it can be dead.
    if (timeout.compareTo(heartbeatInterval.multipliedBy(missedBeats)) <= 0) {
      throw new IllegalArgumentException(
          "timeout must be longer than missedBeats intervals: timeout="
              + timeout
              + " heartbeatInterval="
              + heartbeatInterval
              + " missedBeats="
              + missedBeats);
    }
    // Shorter than the gap between two probes: always stalled. Not shorter than the timeout: a
    // stall
    // could eat the whole timeout before it is noticed.
    if (clusterStall.compareTo(heartbeatInterval.multipliedBy(2)) < 0
        || clusterStall.compareTo(timeout) >= 0) {
      throw new IllegalArgumentException(
          "clusterStall must be at least two intervals and shorter than the timeout: clusterStall="
              + clusterStall
              + " heartbeatInterval="
              + heartbeatInterval
              + " timeout="
              + timeout);
    }
  }

  /** Silence after which a leader is suspected. */
  public Duration suspectAfter() {
    return heartbeatInterval.multipliedBy(missedBeats);
  }
}
