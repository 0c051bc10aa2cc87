package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.failover.coordinator.ClusterStatus;
import io.understudy.log.ClusterConnection;
import io.understudy.schemas.Topics;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows VMs, nodes and coordinators of a cluster. */
@Command(name = "status", description = "Show the VMs of a cluster, their nodes and coordinators.")
final class StatusCommand implements Callable<Integer> {
  private static final long WATCH_PAUSE_SECONDS = 1;

  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;

  @Option(names = "--json", description = "Write JSON, with --watch one object for each look.")
  private boolean json;

  @Option(names = "--watch", description = "Look again and again until stopped.")
  private boolean watch;

  @Option(
      names = "--look",
      defaultValue = "1s",
      paramLabel = "TIME",
      description = "How long to listen for heartbeats.",
      converter = Converters.ToDuration.class)
  private Duration look;

  @Override
  public Integer call() throws InterruptedException {
    Limits.within("--look", look, Duration.ofMillis(1), Limits.HOUR);
    ClusterConnection connection = cluster.reach();
    PrintWriter out = spec.commandLine().getOut();
    if (!watch) {
      show(collect(connection), out, "");
      return ExitCode.OK.code();
    }
    CountDownLatch stop = new CountDownLatch(1);
    Termination.onSignal(stop::countDown);
    do {
      show(
          collect(connection),
          out,
          "---- " + LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS) + "\n");
    } while (!stop.await(WATCH_PAUSE_SECONDS, TimeUnit.SECONDS));
    return ExitCode.OK.code();
  }

  /** A cluster that no node has used yet has no topics, which is no failure. */
  private ClusterStatus collect(ClusterConnection connection) {
    if (!ClusterOptions.topics(connection)
        .containsAll(Set.of(Topics.VMS, Topics.HEARTBEATS, Topics.CONTROL))) {
      return new ClusterStatus(List.of(), List.of());
    }
    return ClusterStatus.collect(connection, look);
  }

  private void show(ClusterStatus status, PrintWriter out, String before) {
    if (json) {
      ObjectNode root = StatusText.json(status);
      out.println(watch ? Json.line(root) : Json.pretty(root));
    } else {
      out.print(before);
      out.print(StatusText.table(status));
    }
    out.flush();
  }
}
