package io.understudy.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * One run of the demo, step by step, with a line for people at each step. Owned by one thread;
 * throws {@link DemoException} when a process does not do its part in time.
 */
final class DemoRun {
  static final String VM = "demo";

  private static final String PRIMARY = "node-a";
  private static final String STANDBY = "node-b";
  private static final int CLIENTS = 4;
  private final Duration stepTimeout;

  private final Path directory;
  private final NodeHosts hosts;
  private final Duration trafficTime;
  private final PrintWriter people;
  private final long startNanos = System.nanoTime();

  DemoRun(Path directory, NodeHosts hosts, Duration trafficTime, PrintWriter people) {
    this.directory = directory;
    this.hosts = hosts;
    this.stepTimeout = hosts.patience(Duration.ofSeconds(60));
    this.trafficTime = trafficTime;
    this.people = people;
  }

  DemoReport run() throws IOException {
    try (LocalCluster cluster = LocalCluster.start(directory, hosts)) {
      say("broker started at " + cluster.bootstrapServers() + ", pid " + cluster.broker().pid());
      int port = LocalCluster.freePort();
      ChildJvm primary = cluster.startPrimary(VM, PRIMARY);
      // All at once, because starting costs processor time; each waits for what it needs.
      ChildJvm standby = cluster.startStandby(VM, STANDBY);
      ChildJvm coordinator = cluster.startCoordinator(VM, port);
      cluster.awaitLeader(VM, PRIMARY, 1, stepTimeout);
      say(PRIMARY + " is primary of VM " + VM + ", " + hosts.describe(primary));
      Heartbeat following = cluster.awaitFollowing(VM, STANDBY, stepTimeout);
      say(STANDBY + " follows at epoch " + following.epoch() + ", " + hosts.describe(standby));
      cluster.awaitService(port, stepTimeout);
      say("coordinator pid " + coordinator.pid() + ", clients are served at 127.0.0.1:" + port);
      return killUnderTraffic(cluster, port, primary, standby);
    }
  }

  private DemoReport killUnderTraffic(
      LocalCluster cluster, int port, ChildJvm primary, ChildJvm standby) throws IOException {
    try (IncrTraffic traffic =
        IncrTraffic.start(
            new IncrTraffic.Settings("demo", port, CLIENTS, Duration.ZERO, stepTimeout))) {
      say(CLIENTS + " clients count for " + trafficTime.toSeconds() + " s");
      cluster.listen(trafficTime.dividedBy(2));
      cluster.beats().poll();
      Heartbeat before = cluster.beats().newest(VM, STANDBY).orElseThrow();
      long led = cluster.beats().newest(VM, PRIMARY).map(Heartbeat::epoch).orElse(0L);

      say("kill -9 " + primary.pid() + " (" + PRIMARY + "), " + acknowledged(traffic));
      long killedMillis = System.currentTimeMillis();
      long killedNanos = System.nanoTime();
      primary.kill();
      // A reply may still be on its way from the front to a client.
      long known = traffic.acknowledged();
      cluster.awaitLeader(VM, STANDBY, 2, stepTimeout);
      cluster.await(
          () -> traffic.acknowledged() > known, "clients go on after the failover", stepTimeout);
      say(STANDBY + " leads term 2, " + acknowledged(traffic));
      cluster.listen(trafficTime.dividedBy(2));
      TrafficHistory history = traffic.stop();
      say("traffic stopped, " + acknowledged(traffic));

      FailoverPhases phases =
          FailoverPhases.of(
              VM,
              cluster.beats(),
              killedMillis,
              killedMillis + HistoryChecker.outageNanos(history, killedNanos) / 1_000_000,
              standby.lines());
      phases
          .byName()
          .forEach(
              (phase, millis) -> say(String.format(Locale.ROOT, "  %-12s %6d ms", phase, millis)));
      return account(cluster, standby, history, phases, before, Math.max(0, led - before.epoch()));
    }
  }

  private DemoReport account(
      LocalCluster cluster,
      ChildJvm leader,
      TrafficHistory history,
      FailoverPhases phases,
      Heartbeat before,
      long lagEpochs) {
    HistoryChecker.Result checked = HistoryChecker.check(history);
    // The log must not grow while it is counted and replayed.
    leader.kill();
    EventLogSize size =
        EventLogSize.measure(cluster.connection(), new VmId(VM), cluster.brokerData());
    say("replaying " + size.epochs() + " epochs from the log");
    ChildJvm replay =
        cluster.startOnKvm(
            "replay",
            List.of(
                "replay",
                "--vm",
                VM,
                "--verify",
                "--json",
                "--bootstrap-server",
                cluster.bootstrapServers()));
    boolean passed = replay.awaitExit(stepTimeout.plus(trafficTime.multipliedBy(2))) == 0;
    if (!passed) {
      say(replay.tail());
    }
    return new DemoReport(
        checked,
        phases,
        size,
        lagEpochs,
        before.digestsVerified(),
        before.digestMismatches(),
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

  private static String acknowledged(IncrTraffic traffic) {
    return traffic.acknowledged() + " requests acknowledged";
  }

  private void say(String text) {
    long millis = (System.nanoTime() - startNanos) / 1_000_000;
    people.println(String.format(Locale.ROOT, "[%6.1f s] %s", millis / 1000.0, text));
    people.flush();
  }
}
