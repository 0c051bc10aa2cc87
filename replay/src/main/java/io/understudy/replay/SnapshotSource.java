package io.understudy.replay;

import io.understudy.log.ClusterConnection;
import io.understudy.log.ControlTopic;
import io.understudy.log.LogException;
import io.understudy.log.LogTopics;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import io.understudy.log.TopicPublisher;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where snapshots of a run come from: those that are there, and those that are ordered from the
 * primary.
 *
 * <p>Owned by one thread.
 */
public final class SnapshotSource implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotSource.class);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration CLUSTER_TIMEOUT = Duration.ofSeconds(10);

  /** How long a primary that has begun may send nothing. */
  private static final Duration STALL = Duration.ofSeconds(60);

  private static final Duration SHOWN_EVERY = Duration.ofSeconds(2);

  private final ClusterConnection connection;
  private final VmId vm;
  private final UUID run;
  private final String node;
  private final SnapshotDirectory directory;

  private SnapshotSource(
      ClusterConnection connection, VmId vm, UUID run, String node, SnapshotDirectory directory) {
    this.connection = connection;
    this.vm = vm;
    this.run = run;
    this.node = node;
    this.directory = directory;
  }

  /**
   * Reads what is there.
   *
   * @param node who asks
   */
  public static SnapshotSource open(ClusterConnection connection, VmId vm, UUID run, String node) {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.createSnapshots(vm);
    }
    return new SnapshotSource(
        connection, vm, run, node, SnapshotDirectory.open(connection, vm, CLUSTER_TIMEOUT));
  }

  /** The snapshots that are known. */
  public SnapshotDirectory directory() {
    return directory;
  }

  /** Says that a snapshot was restored and was right; only a trim of the log misses it. */
  public void verified(StoredSnapshot snapshot) {
    try {
      directory.publishVerified(snapshot, node);
    } catch (LogException away) {
      LOG.warn("cannot say that a snapshot is right: {}", away.getMessage());
    }
  }

  /**
   * Orders a snapshot and waits until it is complete.
   *
   * @param sinceEpoch epoch of a checkpoint that may be its base, -1 for a complete one
   * @param reason why, for people
   * @param answerTimeout how long the primary may take to begin
   * @param giveUp asked while waiting; true ends it
   * @return empty if it was given up, or no primary answers, or one has stopped answering
   */
  public Optional<StoredSnapshot> order(
      long sinceEpoch, String reason, Duration answerTimeout, BooleanSupplier giveUp) {
    UUID id = UUID.randomUUID();
    LOG.info(
        "orders a snapshot: vm={} run={} snapshot={} sinceEpoch={} reason={}",
        vm,
        run,
        id,
        sinceEpoch,
        reason);
    try (TopicPublisher<ControlOrder> orders =
        ControlTopic.publisher(connection, CLUSTER_TIMEOUT)) {
      orders.publish(
          new ControlOrder.SnapshotOrdered(
              vm.text(), run, sinceEpoch, id, reason, node, System.currentTimeMillis()));
    }
    return await(id, answerTimeout, giveUp);
  }

  private Optional<StoredSnapshot> await(UUID id, Duration answerTimeout, BooleanSupplier giveUp) {
    Progress progress = new Progress(answerTimeout);
    while (!giveUp.getAsBoolean()) {
      directory.poll(POLL);
      Optional<StoredSnapshot> complete = directory.find(id);
      if (complete.isPresent()) {
        return complete;
      }
      if (!progress.goesOn(directory.started(id))) {
        LOG.warn(
            "no primary completes the snapshot: vm={} snapshot={} begun={}",
            vm,
            id,
            directory.started(id).isPresent());
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** How far a snapshot is, and whether it, or one that the primary takes first, gets further. */
  private final class Progress {
    private final Duration answerTimeout;
    private long deadline;
    private long lookedAt = System.nanoTime() - SHOWN_EVERY.toNanos();
    private long pieces = -1;
    private long before;
    private boolean begun;

    private Progress(Duration answerTimeout) {
      this.answerTimeout = answerTimeout;
      this.deadline = System.nanoTime() + answerTimeout.toNanos();
    }

    private boolean goesOn(Optional<SnapshotPart.Started> started) {
      long now = System.nanoTime();
      if (now - lookedAt >= SHOWN_EVERY.toNanos()) {
        lookedAt = now;
        look(started, now);
      }
      return now - deadline < 0;
    }

    private void look(Optional<SnapshotPart.Started> started, long now) {
      long ever = directory.piecesEverWritten();
      boolean further = pieces >= 0 && ever != pieces;
      pieces = ever;
      if (started.isEmpty()) {
        deadline = further ? now + answerTimeout.toNanos() : deadline;
        return;
      }
      if (!begun) {
        before = ever;
      }
      if (further || !begun) {
        deadline = now + STALL.toNanos();
      }
      begun = true;
      LOG.info(
          "waits for a snapshot: vm={} node={} pages={} mibAtMost={}",
          vm,
          started.orElseThrow().node(),
          started.orElseThrow().firstPages(),
          ((ever - before) * SnapshotPart.MAX_PIECE_BYTES) >> 20);
    }
  }

  @Override
  public void close() {
    directory.close();
  }
}
