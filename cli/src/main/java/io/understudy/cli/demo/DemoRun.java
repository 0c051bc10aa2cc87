package io.understudy.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.understudy.log.LogException;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;

/**
 * One run of the demo, step by step, with a line for people at each step. Owned by one thread;
 * throws {@link DemoException} when a process does not do its part in time.
 */
final class DemoRun {
  static final String VM = "demo";

  private static final String PRIMARY = "node-a";
  private static final String STANDBY = "node-b";
  private final Duration stepTimeout;
  private final Path directory;
  private final NodeHosts hosts;
  private final Duration trafficTime;
  private final Consumer<String> people;

  DemoRun(Path directory, NodeHosts hosts, Duration trafficTime, Consumer<String> people) {
    this.directory = directory;
    this.hosts = hosts;
    this.stepTimeout = hosts.patience(Duration.ofSeconds(60));
    this.trafficTime = trafficTime;
    this.people = people;
  }

  DemoReport run() {
    try (LocalCluster cluster = LocalCluster.start(directory, hosts)) {
      say("broker started at " + cluster.bootstrapServers() + ", pid " + cluster.broker().pid());
      int port = LocalCluster.freePort();
      ChildJvm primary = cluster.startPrimary(VM, PRIMARY);
      // All at once, because starting costs processor time; each waits for what it needs.
      ChildJvm standby = cluster.startStandby(VM, STANDBY);
      ChildJvm coordinator = cluster.startCoordinator(VM, port);
      cluster.need(cluster.broker(), primary, standby, coordinator);
      Heartbeat leader = cluster.awaitLeader(VM, PRIMARY, 1, stepTimeout);
      say(PRIMARY + " is primary of VM " + VM + ", " + hosts.describe(primary));
      Heartbeat following = cluster.awaitFollowing(VM, STANDBY, stepTimeout);
      say(STANDBY + " follows at epoch " + following.epoch() + ", " + hosts.describe(standby));
      cluster.awaitService(port, stepTimeout);
      say("coordinator pid " + coordinator.pid() + ", clients are served at 127.0.0.1:" + port);
      return killUnderTraffic(cluster, port, leader, primary, standby);
    }
  }

  private DemoReport killUnderTraffic(
      LocalCluster cluster, int port, Heartbeat leader, ChildJvm primary, ChildJvm standby) {
    FailoverUnderTraffic.Result failover =
        new FailoverUnderTraffic(VM, stage(cluster, primary, standby), trafficTime, this::say)
            .run(
                new IncrTraffic.Settings(
                    "demo", port, FailoverUnderTraffic.CLIENTS, Duration.ZERO, stepTimeout),
                leader,
                STANDBY);
    // The log must not grow while it is counted and replayed.
    cluster.needNoMore(standby);
    standby.kill();
    return account(cluster, failover);
  }

  private FailoverUnderTraffic.Stage stage(
      LocalCluster cluster, ChildJvm primary, ChildJvm standby) {
    return new FailoverUnderTraffic.Stage() {
      @Override
      public NodeBeats beats() {
        return cluster.beats();
      }

      @Override
      public void await(BooleanSupplier condition, String expected) {
        cluster.await(condition, expected, stepTimeout);
      }

      @Override
      public void listen(Duration duration) {
        cluster.listen(duration);
      }

      @Override
      public DemoException failure(String message) {
        return cluster.failure(message);
      }

      @Override
      public String victim() {
        return Long.toString(primary.pid());
      }

      @Override
      public void kill() {
        cluster.needNoMore(primary);
        primary.kill();
      }

      @Override
      public List<String> promotedLines() {
        return standby.lines();
      }
    };
  }

  private DemoReport account(LocalCluster cluster, FailoverUnderTraffic.Result failover) {
    try {
      EventLogSize size =
          EventLogSize.measure(cluster.connection(), new VmId(VM), cluster::requireNeeded);
      say("replaying " + size.epochs() + " epochs from the log");
      ChildJvm replay = cluster.startOnKvm("replay", replayCommand(VM, cluster.bootstrapServers()));
      Duration patience = stepTimeout.plus(trafficTime.multipliedBy(2));
      return report(failover, size, replay, patience, cluster::requireNeeded, this::say);
    } catch (LogException | KafkaException | DemoException unreadable) {
      cluster.requireNeeded();
      throw new DemoException(unreadable.getMessage(), unreadable);
    }
  }

  /** The command that replays and verifies a VM's log. */
  static List<String> replayCommand(String vm, String bootstrapServers) {
    return List.of(
        "replay", "--vm", vm, "--verify", "--json", "--bootstrap-server", bootstrapServers);
  }

  /**
   * Waits for the replay and puts the report together.
   *
   * @param patience how long the replay may stand still
   * @param stillPossible throws when it cannot end any more
   */
  static DemoReport report(
      FailoverUnderTraffic.Result failover,
      EventLogSize size,
      ChildJvm replay,
      Duration patience,
      Runnable stillPossible,
      Consumer<String> people) {
    ReplayWatch watch = new ReplayWatch(size, patience, System.nanoTime(), stillPossible, people);
    boolean passed = watch.awaitExit(replay) == 0;
    if (!passed) {
      people.accept(replay.tail());
    }
    return new DemoReport(
        failover.traffic(),
        failover.phases(),
        size,
        failover.lagEpochs(),
        failover.before().digestsVerified(),
        failover.before().digestMismatches(),
        new DemoReport.Replay(replayedEpochs(replay), passed));
  }

  /** The number of epochs in the JSON object that the replay printed below its log lines. */
  private static long replayedEpochs(ChildJvm replay) {
    List<String> lines = replay.lines();
    int begin = lines.indexOf("{");
    int end = lines.lastIndexOf("}");
    if (begin < 0 || end < begin) {
      return 0;
    }
    String json = String.join("\n", lines.subList(begin, end + 1));
    try {
      return new ObjectMapper().readTree(json).path("verifiedEpochs").asLong();
    } catch (JsonProcessingException e) {
      throw new DemoException("replay printed no JSON object\n" + json, e);
    }
  }

  private void say(String text) {
    people.accept(text);
  }
}
