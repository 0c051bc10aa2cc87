package io.understudy.failover.node;

import io.understudy.log.LogException;
import io.understudy.log.TopicFollower;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.time.Duration;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the directory says that a run has ended: its leader says so when all that the guest said
 * is outside. The log alone does not tell, because {@code RunEnded} is committed before.
 *
 * <p>Reads the directory only once it is asked. Owned by the vCPU thread.
 */
final class RunEnding implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunEnding.class);
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(5);

  private final NodeSettings settings;
  private final UUID run;
  private TopicFollower<VmRecord> directory;

  RunEnding(NodeSettings settings, UUID run) {
    this.settings = settings;
    this.run = run;
  }

  /** False also while the cluster does not answer. */
  boolean isAnnounced() {
    try {
      if (directory == null) {
        directory = VmDirectory.follower(settings.connection(), OPEN_TIMEOUT);
        LOG.info(
            "the guest has ended, its leader is letting out what it said last: vm={} run={}",
            settings.vm(),
            run);
      }
      directory.poll(Duration.ZERO);
    } catch (LogException away) {
      LOG.warn("cannot read whether the run has ended: {}", away.getMessage());
      return false;
    }
    VmRecord entry = directory.current().get(settings.vm().text());
    // Of another run it says nothing about this one but that somebody went on.
    return entry != null && (!entry.run().equals(run) || entry.status() == VmStatus.ENDED);
  }

  @Override
  public void close() {
    if (directory != null) {
      directory.close();
    }
  }
}
