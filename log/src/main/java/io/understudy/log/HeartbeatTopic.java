package io.understudy.log;

import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.HeartbeatCodec;
import io.understudy.schemas.Topics;
import java.time.Duration;

/** Heartbeats of all nodes, topic {@link Topics#HEARTBEATS}; newest per VM and node. */
public final class HeartbeatTopic {
  static final SharedTopic<Heartbeat> TOPIC =
      new SharedTopic<>(
          Topics.HEARTBEATS,
          beat -> Topics.heartbeatKey(beat.vm(), beat.node()),
          HeartbeatCodec::encode,
          HeartbeatCodec::decode);

  private HeartbeatTopic() {}

  /** Sends heartbeats without ever waiting. */
  public static HeartbeatPublisher publisher(ClusterConnection connection) {
    return new HeartbeatPublisher(connection);
  }

  /**
   * Reads heartbeats, waiting up to {@code timeout} for the content that exists; keys are {@link
   * Topics#heartbeatKey}. Content found at the start tells who was there last, not who is alive:
   * only what {@link TopicFollower#poll} returns is a sign of life.
   */
  public static TopicFollower<Heartbeat> follower(ClusterConnection connection, Duration timeout) {
    return new TopicFollower<>(connection, TOPIC, timeout);
  }
}
