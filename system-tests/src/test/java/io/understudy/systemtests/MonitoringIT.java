package io.understudy.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.LocalCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a pair shows of itself in each phase, and what a leader does without a standby. */
class MonitoringIT {
  private static final Pattern METER = Pattern.compile("`(understudy_[a-z_]+)");

  private static boolean any(Map<String, String> labels) {
    return !labels.isEmpty();
  }

  private static Predicate<Map<String, String>> label(String name, String value) {
    return labels -> value.equals(labels.get(name));
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void processesShowWhatTheyDo_andStandbyBecomesLeader() throws Exception {
    Needs.kvm();
    String vm = "watched";
    Scrape primary = new Scrape(LocalCluster.freePort());
    Scrape standby = new Scrape(LocalCluster.freePort());
    Scrape coordinator = new Scrape(LocalCluster.freePort());
    try (LocalCluster cluster = TestPair.cluster("monitoring")) {
      int front = LocalCluster.freePort();
      ChildJvm leader = cluster.startPrimary(vm, "a", "--http", Integer.toString(primary.port()));
      cluster.startCoordinator(vm, front, "--http", "127.0.0.1:" + coordinator.port());
      cluster.awaitLeader(vm, "a", 1, TestPair.TIMEOUT);
      assertThat(primary.status("/healthz")).isEqualTo(200);
      awaitValue(cluster, primary, "understudy_protection", label("state", "unprotected"), 1);

      cluster.startStandby(vm, "b", "--http", Integer.toString(standby.port()));
      cluster.awaitFollowing(vm, "b", TestPair.TIMEOUT);
      cluster.awaitService(front, TestPair.TIMEOUT);
      awaitStatus(cluster, primary, 200);
      awaitStatus(cluster, standby, 200);
      awaitStatus(cluster, coordinator, 200);
      awaitValue(cluster, primary, "understudy_protection", label("state", "protected"), 1);

      Predicate<Map<String, String>> ofLeader =
          labels ->
              labels.get("vm").equals(vm)
                  && labels.get("node").equals("a")
                  && labels.get("role").equals("primary");
      assertThat(primary.value("understudy_term", ofLeader)).isEqualTo(1);
      assertThat(primary.value("understudy_commit_seconds_count", ofLeader)).isPositive();
      assertThat(primary.value("understudy_commit_seconds_bucket", label("le", "+Inf")))
          .isPositive();
      assertThat(primary.value("understudy_exits_total", label("kind", "port_out"))).isPositive();
      assertThat(primary.value("understudy_console_attached", MonitoringIT::any)).isEqualTo(1);
      assertThat(primary.value("understudy_standbys", MonitoringIT::any)).isEqualTo(1);
      assertThat(primary.value("understudy_throttle_permille", MonitoringIT::any)).isZero();
      assertThat(standby.value("understudy_digest_checks_total", label("role", "standby")))
          .isPositive();
      assertThat(standby.value("understudy_digest_mismatches_total", MonitoringIT::any)).isZero();
      assertThat(standby.value("understudy_lag_milliseconds", MonitoringIT::any)).isLessThan(2_000);
      assertThat(coordinator.value("understudy_vm_state", label("vm", vm))).isEqualTo(1);
      assertThat(coordinator.value("understudy_vm_protected", label("vm", vm))).isEqualTo(1);

      Set<String> shown = new TreeSet<>(primary.meters());
      shown.addAll(standby.meters());
      leader.kill();
      cluster.awaitLeader(vm, "b", 2, TestPair.TIMEOUT);
      cluster.awaitService(front, TestPair.TIMEOUT);
      awaitStatus(cluster, standby, 200);
      assertThat(standby.value("understudy_term", label("role", "primary"))).isEqualTo(2);
      assertThat(standby.value("understudy_term", label("role", "standby"))).isNaN();
      assertThat(standby.value("understudy_takeover_seconds", label("phase", "drain")))
          .isNotNegative();
      awaitValue(cluster, standby, "understudy_protection", label("state", "unprotected"), 1);
      assertThat(coordinator.value("understudy_coordinator_orders_total", MonitoringIT::any))
          .isPositive();
      assertThat(coordinator.value("understudy_failover_seconds", label("phase", "first_output")))
          .isPositive();

      shown.addAll(standby.meters());
      shown.addAll(coordinator.meters());
      assertThat(documented()).as("docs/operations.md").containsExactlyInAnyOrderElementsOf(shown);
    }
  }

  /** The meters of docs/operations.md, as Prometheus's types name them. */
  private static Set<String> documented() throws IOException {
    Set<String> names = new TreeSet<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "operations.md"))) {
      Matcher name =
          METER.matcher(line.startsWith("| `understudy_") ? line.split("\\|", -1)[1] : "");
      while (name.find()) {
        names.add(name.group(1).replaceFirst("_(count|sum)$", ""));
      }
    }
    return names;
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void guestStandsStillWithoutAStandby_andGoesOnWithOne() throws Exception {
    Needs.kvm();
    String vm = "careful";
    Scrape primary = new Scrape(LocalCluster.freePort());
    try (LocalCluster cluster = TestPair.cluster("careful")) {
      int front = LocalCluster.freePort();
      ChildJvm leader =
          cluster.startPrimary(
              vm,
              "a",
              "--http",
              Integer.toString(primary.port()),
              "--unprotected",
              "stop",
              "--unprotected-grace",
              "1s");
      cluster.startCoordinator(vm, front);
      cluster.awaitLeader(vm, "a", 1, TestPair.TIMEOUT);
      awaitValue(cluster, primary, "understudy_protection", label("state", "stopped"), 1);
      awaitStatus(cluster, primary, 503);
      assertThat(primary.body("/readyz")).contains("protection=STOPPED");
      assertThat(leader.lines()).anyMatch(line -> line.contains("the guest stands still"));

      ChildJvm standby = cluster.startStandby(vm, "b");
      awaitValue(cluster, primary, "understudy_protection", label("state", "protected"), 1);
      cluster.awaitService(front, TestPair.TIMEOUT);
      awaitStatus(cluster, primary, 200);

      standby.kill();
      awaitValue(cluster, primary, "understudy_protection", label("state", "stopped"), 1);
      ChildJvm next = cluster.startStandby(vm, "c");
      awaitValue(cluster, primary, "understudy_protection", label("state", "protected"), 1);
      cluster.awaitService(front, TestPair.TIMEOUT);

      // What was recorded while the guest was stopped and let go is replayed, and led on from.
      leader.kill();
      cluster.awaitLeader(vm, "c", 2, TestPair.TIMEOUT);
      cluster.awaitService(front, TestPair.TIMEOUT);
      assertThat(next.isAlive()).isTrue();
    }
  }

  private static void awaitStatus(LocalCluster cluster, Scrape scrape, int status) {
    cluster.await(
        () -> scrape.status("/readyz") == status,
        "/readyz answers " + status + ": " + scrape.body("/readyz"),
        TestPair.TIMEOUT);
  }

  private static void awaitValue(
      LocalCluster cluster,
      Scrape scrape,
      String meter,
      Predicate<Map<String, String>> labels,
      double value) {
    cluster.await(
        () -> scrape.value(meter, labels) == value, meter + " is " + value, TestPair.TIMEOUT);
  }
}
