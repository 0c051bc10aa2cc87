package io.understudy.log;

import io.understudy.schemas.ControlCodec;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.Topics;
import java.time.Duration;

/**
 * Orders of coordinators and operators, topic {@link Topics#CONTROL}; newest order per VM and
 * subject.
 */
public final class ControlTopic {
  private static final SharedTopic<ControlOrder> TOPIC =
      new SharedTopic<>(
          Topics.CONTROL, ControlOrder::key, ControlCodec::encode, ControlCodec::decode);

  private ControlTopic() {}

  /** Writes orders, waiting up to {@code timeout} for each. */
  public static TopicPublisher<ControlOrder> publisher(
      ClusterConnection connection, Duration timeout) {
    return new TopicPublisher<>(connection, TOPIC, timeout);
  }

  /**
   * Reads orders, waiting up to {@code timeout} for the content that exists; keys are {@link
   * ControlOrder#key}. An old order is still among the content: who obeys must check its run and
   * term.
   */
  public static TopicFollower<ControlOrder> follower(
      ClusterConnection connection, Duration timeout) {
    return new TopicFollower<>(connection, TOPIC, timeout);
  }
}
