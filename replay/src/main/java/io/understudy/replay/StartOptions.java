package io.understudy.replay;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * How a standby begins, and begins again.
 *
 * @param node name of the node, in orders
 * @param policy how it begins when it has nothing, or nothing that is near
 * @param replayAtMost how many epochs are rather replayed than a snapshot ordered, from 0
 * @param answerTimeout how long a primary may take to begin with a snapshot that was ordered
 * @param phase told in one word what the standby does before it follows
 */
public record StartOptions(
    String node,
    StartPolicy policy,
    long replayAtMost,
    Duration answerTimeout,
    Consumer<String> phase) {
  /** What a heartbeat says before anything else. */
  public static final String RESTORING = "RESTORING";

  /** What a heartbeat says while a snapshot is awaited and loaded. */
  public static final String CLONING = "CLONING";

  /** What a heartbeat says while the machine is not what the log says, and is being repaired. */
  public static final String REPAIRING = "REPAIRING";

  /** What a heartbeat says from then on. */
  public static final String FOLLOWING = "FOLLOWING";

  /** Refuses what cannot work. */
  public StartOptions {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(policy, "policy");
    Objects.requireNonNull(answerTimeout, "answerTimeout");
    Objects.requireNonNull(phase, "phase");
    if (replayAtMost < 0) {
      throw new IllegalArgumentException("replayAtMost must not be negative, is " + replayAtMost);
    }
  }
}
