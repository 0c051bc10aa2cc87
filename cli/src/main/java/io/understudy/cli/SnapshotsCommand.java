package io.understudy.cli;

import io.understudy.log.ClusterConnection;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists the snapshots of a VM. */
@Command(name = "snapshots", description = "List the snapshots of a VM, oldest first.")
final class SnapshotsCommand implements Callable<Integer> {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;

  @Mixin private VmOption vm;

  @Option(names = "--json", description = "Write one JSON object for each snapshot.")
  private boolean json;

  @Override
  public Integer call() {
    ClusterConnection connection = cluster.reach();
    ClusterOptions.requireLog(connection, vm.id());
    PrintWriter out = spec.commandLine().getOut();
    if (!json) {
      out.print(SnapshotText.heading());
    }
    for (StoredSnapshot snapshot : SnapshotDirectory.readAll(connection, vm.id(), TIMEOUT)) {
      if (json) {
        out.println(Json.line(SnapshotText.json(snapshot)));
      } else {
        out.print(SnapshotText.line(snapshot));
      }
    }
    out.flush();
    return ExitCode.OK.code();
  }
}
