package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.IncrTraffic;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.CrashPoint;
import io.understudy.log.TopicFollower;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The end of a run is an epoch like any other: what is committed leaves, whoever dies. */
class LastWordsIT {
  private static final String VM = "last-words";

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void standbyLetsThemOut_whenTheLeaderDiesBetweenCommitAndRelease() throws Exception {
    Needs.kvm();
    try (LocalCluster cluster = TestPair.cluster(VM);
        ChildJvm leader = leaderThatDiesAtTheEnd(cluster)) {
      int port = LocalCluster.freePort();
      cluster.startCoordinator(VM, port);
      cluster.awaitLeader(VM, "node-1", 1, TestPair.TIMEOUT);
      ChildJvm standby = cluster.startStandby(VM, "node-2");
      cluster.awaitFollowing(VM, "node-2", TestPair.TIMEOUT);
      cluster.awaitService(port, TestPair.TIMEOUT);
      try (IncrTraffic traffic =
          IncrTraffic.start(
              new IncrTraffic.Settings(VM, port, 2, Duration.ofMillis(2), TestPair.TIMEOUT))) {
        cluster.await(() -> traffic.acknowledged() > 50, "traffic", TestPair.TIMEOUT);

        ChildJvm stop = command(cluster, "stop", "--reason", "test");

        assertThat(leader.awaitExit(TestPair.TIMEOUT)).isEqualTo(CrashPoint.EXIT_CODE);
        assertThat(standby.awaitExit(TestPair.TIMEOUT)).as(standby.tail()).isZero();
        assertThat(stop.awaitExit(TestPair.TIMEOUT)).as(stop.tail()).isZero();
        // This is said of a front that has acknowledged all output which is committed.
        assertThat(standby.lines())
            .anySatisfy(line -> assertThat(line).contains("promoted: vm=" + VM + " term=2"))
            .anySatisfy(
                line ->
                    assertThat(line)
                        .contains("console connection ends", "reason=stopped by")
                        .doesNotContain("front=null"));
      }
      try (TopicFollower<VmRecord> directory =
          VmDirectory.follower(cluster.connection(), TestPair.TIMEOUT)) {
        VmRecord entry = directory.current().get(VM);
        assertThat(entry.status()).isEqualTo(VmStatus.ENDED);
        assertThat(entry.term()).isEqualTo(2);
      }
      ChildJvm replay = command(cluster, "replay", "--verify");
      assertThat(replay.awaitExit(TestPair.TIMEOUT)).as(replay.tail()).isZero();
    }
  }

  private static ChildJvm leaderThatDiesAtTheEnd(LocalCluster cluster) {
    List<String> crash =
        List.of(
            "-D" + CrashPoint.PROPERTY + "=" + CrashPoint.BEFORE_LAST_RELEASE.label() + ":1:halt");
    List<String> arguments =
        List.of(
            "primary",
            "--vm",
            VM,
            "--node",
            "node-1",
            "--memory",
            "16",
            "--partitions",
            "2",
            "--state",
            cluster.state(VM, "node-1").toString(),
            "--bootstrap-server",
            cluster.bootstrapServers());
    Path log = Path.of("target", "system-tests", VM, "logs", "leader.log").toAbsolutePath();
    return ChildJvm.startProgram(
        "leader", log, ChildJvm.command(crash, "io.understudy.cli.Main", arguments));
  }

  private static ChildJvm command(LocalCluster cluster, String name, String... options) {
    return cluster.start(
        name,
        Stream.concat(
                Stream.of(name, "--vm", VM, "--bootstrap-server", cluster.bootstrapServers()),
                Stream.of(options))
            .toList());
  }
}
