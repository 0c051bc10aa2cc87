package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.EpochReader;
import io.understudy.log.LogExtent;
import io.understudy.log.LogStart;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import io.understudy.schemas.Retention;
import io.understudy.schemas.VmId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Leaders shorten the log of a run under traffic, over a takeover, and nobody misses anything. */
class RetentionIT {
  private static final int EXIT_LOG = 6;
  private static final String VM = "retained";
  private static final VmId ID = new VmId(VM);
  private static final String[] BY_AGE = {"--retain", "10s", "--checkpoint-every", "1s"};

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void leaderShortensItsLog_andStandbysGoOn_andANewOneJoins() throws Exception {
    Needs.kvm();
    Scrape metrics = new Scrape(LocalCluster.freePort());
    try (LocalCluster cluster = TestPair.cluster("retention")) {
      TestPair pair =
          TestPair.startWith(
              cluster,
              VM,
              List.of("--retain", "10s", "--http", Integer.toString(metrics.port())),
              BY_AGE);
      try (IncrTraffic traffic = pair.traffic("retained")) {
        pair.awaitAcknowledged(traffic, 200);
        LogExtent before = LogExtent.of(cluster.connection(), ID);
        UUID run = before.run();
        awaitFirstEpoch(cluster, pair, 1);
        long trimmed = pair.leaderBeat().logFirstEpoch();
        LogExtent after = LogExtent.of(cluster.connection(), ID);
        assertThat(after.isWhole()).isFalse();
        assertThat(after.run()).isEqualTo(run);
        assertThat(pair.leaderBeat().retention()).isEqualTo(Retention.KEEPING);
        assertThat(metrics.value("understudy_log_trims_total", RetentionIT::any)).isPositive();
        assertThat(metrics.value("understudy_log_trim_failures_total", RetentionIT::any)).isZero();
        assertThat(metrics.value("understudy_snapshot_seconds_count", RetentionIT::any))
            .isPositive();
        assertThat(metrics.value("understudy_snapshot_seconds_sum", RetentionIT::any))
            .isGreaterThan(
                metrics.value("understudy_snapshot_pause_seconds_sum", RetentionIT::any));
        assertThat(metrics.value("understudy_snapshot_bytes_total", RetentionIT::any)).isPositive();
        assertThat(metrics.value("understudy_snapshot_rounds_total", RetentionIT::any))
            .isPositive();
        assertThat(metrics.value("understudy_snapshot_failures_total", RetentionIT::any)).isZero();
        assertThat(metrics.value("understudy_retention", state("keeping"))).isEqualTo(1);
        assertSnapshotIsTheLogsBeginning(cluster, after);
        assertThat(pair.standbyBeat().digestMismatches()).isZero();

        // The successor goes on with it, and so does a standby that has nothing.
        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 100);
        pair.startStandby(BY_AGE);
        awaitFirstEpoch(cluster, pair, trimmed + 1);
        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 100);
        pair.assertNothingLostOrTwice(traffic);
      }
      assertThatThrownBy(() -> EpochReader.fromStart(cluster.connection(), ID).close())
          .isInstanceOf(LogTruncatedException.class);
      pair.leader().kill();
      assertRestCanBeAudited(cluster);
    }
  }

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void leaderWithoutAStandbyKeepsItsLogBelowASize() throws Exception {
    Needs.kvm();
    String vm = "sized";
    Scrape metrics = new Scrape(LocalCluster.freePort());
    try (LocalCluster cluster = TestPair.cluster("retention-bytes")) {
      int front = LocalCluster.freePort();
      ChildJvm leader =
          cluster.startPrimary(
              vm, "a", "--retain-bytes", "1MiB", "--http", Integer.toString(metrics.port()));
      cluster.startCoordinator(vm, front);
      cluster.awaitLeader(vm, "a", 1, TestPair.TIMEOUT);
      cluster.awaitService(front, TestPair.TIMEOUT);
      try (IncrTraffic traffic =
          IncrTraffic.start(
              new IncrTraffic.Settings("s", front, 3, Duration.ofMillis(2), TestPair.TIMEOUT))) {
        cluster.await(
            () -> metrics.value("understudy_log_trims_total", RetentionIT::any) >= 2,
            "the log is trimmed twice",
            Duration.ofMinutes(4));
        double bytes = metrics.value("understudy_log_bytes", RetentionIT::any);
        // Beyond the size is what was written while a snapshot was taken and verified.
        assertThat(bytes).isBetween(256.0 * 1024, 4.0 * 1024 * 1024);
        assertThat(traffic.acknowledged()).isPositive();
      }
      assertThat(leader.isAlive()).isTrue();
    }
  }

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void logWaitsForASleepingStandby_butNotForEver_andItComesBackWithASnapshot() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster("retention-waiting")) {
      TestPair pair =
          TestPair.startWith(
              cluster, "waited-for", List.of("--retain", "10s"), "--checkpoint-every", "1s");
      try (IncrTraffic traffic = pair.traffic("waiting")) {
        awaitFirstEpoch(cluster, pair, 1);
        pair.standby().pause();
        // What it had under way is heard.
        cluster.listen(Duration.ofSeconds(1));
        long slept = pair.standbyBeat().epoch();
        cluster.await(
            () -> pair.leaderBeat().retention() == Retention.WAITING,
            "the log waits for the standby",
            Duration.ofMinutes(1));
        assertThat(pair.leaderBeat().logFirstEpoch()).isLessThanOrEqualTo(slept + 1);
        // Silent for half a minute, it is not waited for any more.
        awaitFirstEpoch(cluster, pair, slept + 2);
        pair.awaitAcknowledged(traffic, 100);

        pair.standby().resume();
        assertThat(pair.standby().awaitExit(TestPair.TIMEOUT)).isEqualTo(EXIT_LOG);
        assertThat(pair.standby().tail()).contains("snapshot");
        pair.restartStandby("--checkpoint-every", "1s");
        cluster.await(
            () -> pair.standbyBeat().epoch() > slept + 1,
            "the standby follows from behind what was deleted",
            TestPair.TIMEOUT);
        pair.awaitAcknowledged(traffic, 100);
        pair.leader().kill();
        pair.awaitTakeover();
        pair.awaitAcknowledged(traffic, 100);
        pair.assertNothingLostOrTwice(traffic);
      }
    }
  }

  /**
   * From the snapshot behind which the log begins, by an auditor who has nothing but the cluster.
   */
  private static void assertRestCanBeAudited(LocalCluster cluster) throws Exception {
    LogStart earliest = LogStart.earliest(cluster.connection(), ID);
    assertThat(earliest.snapshot().position().offsets())
        .as("nothing of the log is out of reach")
        .isEqualTo(LogExtent.of(cluster.connection(), ID).beginnings());

    Path transcript = cluster.brokerData().resolveSibling("transcript");
    JsonNode replay =
        audit(cluster, "replay", "--verify", "--times", "2", "--transcript", transcript.toString());
    assertThat(replay.path("snapshot").asText()).isEqualTo(earliest.snapshot().id().toString());
    assertThat(replay.path("firstEpoch").asLong()).isEqualTo(earliest.firstEpoch()).isPositive();
    assertThat(replay.path("verifiedEpochs").asLong())
        .isEqualTo(replay.path("lastEpoch").asLong() - earliest.firstEpoch() + 1)
        .isPositive();
    assertThat(replay.path("term").asLong()).isEqualTo(3);
    assertTranscriptIsWhatWasSaid(transcript, replay);
    // Kept before what was before it was deleted, as a snapshot's listing says it.
    String start =
        (earliest.firstEpoch() - 1)
            + ":"
            + HexFormat.of().formatHex(earliest.snapshot().manifest().hash());
    String hash = replay.path("lastEpoch").asText() + ":" + replay.path("hash").asText();
    JsonNode log =
        audit(cluster, "log", "--summary", "--expect-hash", hash, "--expect-hash", start);
    assertThat(log.path("checked").path("hash")).isEqualTo(replay.path("hash"));
    assertThat(log.path("checked").path("complete").asBoolean()).isTrue();
    assertThat(log.path("checked").path("firstEpoch")).isEqualTo(replay.path("firstEpoch"));
    assertThat(log.path("types").path("EpochCommitted").path("events").asLong())
        .as(log.toString())
        .isEqualTo(replay.path("verifiedEpochs").asLong());
  }

  /** Every byte that the guest said since then, none twice, and input without a gap. */
  private static void assertTranscriptIsWhatWasSaid(Path file, JsonNode replay) throws Exception {
    long said = replay.path("outputFrom").asLong();
    long heard = -1;
    List<String> lines = Files.readAllLines(file);
    JsonNode end = new ObjectMapper().readTree(lines.remove(lines.size() - 1));
    assertThat(end.path("kind").asText()).isEqualTo("end");
    assertThat(end.path("hash")).isEqualTo(replay.path("hash"));
    for (String line : lines) {
      JsonNode entry = new ObjectMapper().readTree(line);
      assertThat(entry.path("committedAtMillis").asLong()).isPositive();
      if (!entry.path("kind").asText().equals("console")) {
        continue;
      }
      long from = entry.path("offset").asLong();
      long bytes = entry.path("bytes").asText().length() / 2;
      if (entry.path("direction").asText().equals("out")) {
        assertThat(from).isEqualTo(said);
        said += bytes;
      } else {
        assertThat(from).isEqualTo(heard < 0 ? from : heard);
        heard = from + bytes;
      }
    }
    assertThat(said).isEqualTo(replay.path("outputBytes").asLong());
    assertThat(heard).isPositive();
  }

  private static JsonNode audit(LocalCluster cluster, String command, String... options)
      throws Exception {
    List<String> arguments = new ArrayList<>(List.of(command, "--vm", VM, "--json"));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of("--bootstrap-server", cluster.bootstrapServers()));
    ChildJvm audit = cluster.start("audit-" + command, arguments);
    assertThat(audit.awaitExit(TestPair.TIMEOUT.multipliedBy(2))).as(audit.tail()).isZero();
    String printed = String.join("\n", audit.lines());
    return new ObjectMapper().readTree(printed.substring(printed.indexOf("{\n")));
  }

  private static void assertSnapshotIsTheLogsBeginning(LocalCluster cluster, LogExtent log) {
    try (SnapshotDirectory directory =
        SnapshotDirectory.open(cluster.connection(), ID, TestPair.TIMEOUT)) {
      assertThat(directory.of(log.run()))
          .filteredOn(StoredSnapshot::verified)
          .anyMatch(snapshot -> log.reaches(snapshot.position()));
    }
  }

  private static void awaitFirstEpoch(LocalCluster cluster, TestPair pair, long atLeast) {
    cluster.await(
        () -> pair.leaderBeat().logFirstEpoch() >= atLeast,
        "the log begins with epoch " + atLeast + " or later",
        Duration.ofMinutes(2));
  }

  private static boolean any(Map<String, String> labels) {
    return !labels.isEmpty();
  }

  private static Predicate<Map<String, String>> state(String state) {
    return labels -> state.equals(labels.get("state"));
  }
}
