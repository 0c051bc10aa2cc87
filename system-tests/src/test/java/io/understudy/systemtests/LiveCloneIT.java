package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.LogExtent;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import io.understudy.replay.SnapshotSource;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A standby that has nothing joins a running VM whose log has lost its beginning. */
class LiveCloneIT {
  private static final String VM = "clone";
  private static final int EXIT_LOG = 6;

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void newStandbyJoinsByASnapshotAndLeads_whenTheLogHasNoBeginning() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("live-clone")) {
      TestPair pair = TestPair.start(cluster, VM);
      try (IncrTraffic traffic = pair.traffic("clone")) {
        pair.awaitAcknowledged(traffic, 200);
        pair.standby().kill();

        StoredSnapshot snapshot = order(cluster);
        trim(cluster, snapshot);
        assertThat(LogExtent.of(cluster.connection(), new VmId(VM)).isWhole()).isFalse();
        pair.awaitAcknowledged(traffic, 100);

        // Not from the one that is there: it orders its own, under load.
        pair.startStandby("--start", "snapshot", "--replay-at-most", "0");
        Heartbeat joined = pair.standbyBeat();
        assertThat(joined.checkpointEpoch()).isGreaterThan(snapshot.manifest().epoch());
        assertThat(joined.digestMismatches()).isZero();
        assertThat(joined.digestsVerified())
            .as("epochs replayed")
            .isLessThanOrEqualTo(joined.epoch() - snapshot.manifest().epoch());

        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 100);

        // The successor takes snapshots as well; this one joins from it and leads in turn.
        pair.startStandby("--start", "snapshot", "--replay-at-most", "0");
        trimByCommand(cluster, pair);
        refuseToStartFromTheBeginning(cluster);
        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 100);
        pair.assertNothingLostOrTwice(traffic);
      }
      try (SnapshotDirectory directory =
          SnapshotDirectory.open(cluster.connection(), new VmId(VM), Duration.ofSeconds(10))) {
        assertThat(directory.all()).filteredOn(StoredSnapshot::verified).isNotEmpty();
        directory
            .all()
            .forEach(
                taken ->
                    System.out.println(
                        "LiveCloneIT: "
                            + taken.manifest().pauseMicros()
                            + " us pause, "
                            + taken.manifest().bytes()
                            + " bytes, "
                            + taken.manifest().rounds()
                            + " rounds"));
      }
    }
  }

  /** A leader that was fenced has checkpoints that are as old as its term. */
  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void oldCheckpointIsPassedOver_whenASnapshotIsNearer() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("live-clone-behind")) {
      TestPair pair = TestPair.start(cluster, VM, "--checkpoint-every", "500ms");
      try (IncrTraffic traffic = pair.traffic("behind")) {
        cluster.await(
            () -> pair.standbyBeat().checkpointEpoch() > 0, "a checkpoint", TestPair.TIMEOUT);
        pair.standby().kill();
        long old = pair.standbyBeat().checkpointEpoch();
        pair.awaitAcknowledged(traffic, 100);
        cluster.await(() -> pair.leaderBeat().epoch() > old + 100, "more epochs", TestPair.TIMEOUT);

        pair.restartStandby("--replay-at-most", "50");
        cluster.awaitFollowing(VM, pair.standbyNode(), TestPair.TIMEOUT);

        assertThat(pair.standby().lines())
            .anySatisfy(line -> assertThat(line).contains("loaded a snapshot"))
            .noneSatisfy(line -> assertThat(line).contains("restored a checkpoint"));
        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 50);
        pair.assertNothingLostOrTwice(traffic);
      }
    }
  }

  /** The standby has verified its snapshot, so an operator may delete what is before it. */
  private static void trimByCommand(LocalCluster cluster, TestPair pair) {
    long before = LogExtent.of(cluster.connection(), new VmId(VM)).beginnings().get(0);
    ChildJvm trim =
        cluster.start(
            "trim",
            List.of("log", "trim", "--vm", VM, "--bootstrap-server", cluster.bootstrapServers()));
    assertThat(trim.awaitExit(TestPair.TIMEOUT)).as(trim.tail()).isZero();
    assertThat(trim.tail()).contains("deleted: vm=" + VM);
    assertThat(LogExtent.of(cluster.connection(), new VmId(VM)).beginnings().get(0))
        .isGreaterThan(before);
    assertThat(pair.standby().isAlive()).isTrue();
  }

  private static void refuseToStartFromTheBeginning(LocalCluster cluster) {
    ChildJvm refused = cluster.startStandby(VM, "from-nothing", "--start", "beginning");
    assertThat(refused.awaitExit(TestPair.TIMEOUT)).as(refused.tail()).isEqualTo(EXIT_LOG);
    assertThat(refused.tail()).contains("--start auto");
  }

  private static StoredSnapshot order(LocalCluster cluster) {
    VmId vm = new VmId(VM);
    LogExtent log = LogExtent.of(cluster.connection(), vm);
    try (SnapshotSource source = SnapshotSource.open(cluster.connection(), vm, log.run(), "test")) {
      return source
          .order(-1, "the test trims the log", TestPair.TIMEOUT, () -> false)
          .orElseThrow(() -> cluster.failure("no snapshot"));
    }
  }

  private static void trim(LocalCluster cluster, StoredSnapshot snapshot) throws Exception {
    Map<TopicPartition, RecordsToDelete> below = new HashMap<>();
    snapshot
        .position()
        .offsets()
        .forEach(
            (partition, offset) ->
                below.put(
                    new TopicPartition(Topics.events(snapshot.vm()), partition),
                    RecordsToDelete.beforeOffset(offset)));
    try (Admin admin = cluster.connection().admin()) {
      admin.deleteRecords(below).all().get();
    }
  }
}
