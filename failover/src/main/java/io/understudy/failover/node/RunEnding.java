package io.understudy.failover.node;

import io.understudy.log.LogException;
import io.understudy.log.TopicFollower;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.time.Duration;
import java.util.UUID;
import org.apache.kafka.common.KafkaException;
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
  private static final Duration OPEN_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration RETRY = Duration.ofSeconds(5);
  private static final Duration REMIND = Duration.ofSeconds(30);

  private final NodeSettings settings;
  private final UUID run;
  private TopicFollower<VmRecord> directory;
  private long retryAt;
  private long remindAt;

  RunEnding(NodeSettings settings, UUID run) {
    this.settings = settings;
    this.run = run;
    this.retryAt = System.nanoTime();
    this.remindAt = retryAt;
  }

  /**
   * Asked again and again. False also while the cluster does not answer.
   *
   * @param term the log's newest; what a leader before it says does not count
   */
  boolean isAnnounced(long term) {
    long now = System.nanoTime();
    try {
      if (directory == null) {
        if (now - retryAt < 0) {
          return false;
        }
        directory = VmDirectory.follower(settings.connection(), OPEN_TIMEOUT);
      }
      directory.poll(Duration.ZERO);
    } catch (LogException | KafkaException away) {
      LOG.warn("cannot read whether the run has ended: {}", away.getMessage());
      close();
      directory = null;
      retryAt = System.nanoTime() + RETRY.toNanos();
      return false;
    }
    VmRecord entry = directory.current().get(settings.vm().text());
    if (entry != null && entry.run().equals(run)) {
      if (entry.status() == VmStatus.ENDED && entry.term() >= term) {
        return true;
      }
    } else if (entry != null) {
      return true; // Somebody has begun another run.
    }
    if (now - remindAt >= 0) {
      remindAt = now + REMIND.toNanos();
      LOG.info(
          "the guest has ended, and its leader is letting out what it said last; if that leader is"
              + " dead, a coordinator must order this node to lead: vm={} run={} term={}",
          settings.vm(),
          run,
          term);
    }
    return false;
  }

  @Override
  public void close() {
    if (directory != null) {
      directory.close();
    }
  }
}
