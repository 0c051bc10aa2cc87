package io.understudy.log;

import io.understudy.schemas.Topics;
import io.understudy.schemas.VmCodec;
import io.understudy.schemas.VmRecord;
import java.time.Duration;

/** The directory of virtual machines, topic {@link Topics#VMS}; newest entry per VM. */
public final class VmDirectory {
  private static final SharedTopic<VmRecord> TOPIC =
      new SharedTopic<>(Topics.VMS, VmRecord::vm, VmCodec::encode, VmCodec::decode);

  private VmDirectory() {}

  /** Writes entries, waiting up to {@code timeout} for each. */
  public static TopicPublisher<VmRecord> publisher(ClusterConnection connection, Duration timeout) {
    return new TopicPublisher<>(connection, TOPIC, timeout);
  }

  /** Reads the entries, waiting up to {@code timeout} for those that exist; keys are VM ids. */
  public static TopicFollower<VmRecord> follower(ClusterConnection connection, Duration timeout) {
    return new TopicFollower<>(connection, TOPIC, timeout);
  }
}
