package io.understudy.cli;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTrim;
import io.understudy.schemas.SnapshotPart;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Deletes the beginning of a VM's log, up to a snapshot that is known to be good. */
@Command(
    name = "trim",
    description = {
      "Delete a VM's events up to the newest snapshot that a standby has restored and verified.",
      "Replays begin with that snapshot then; it and those after it stay until the next time."
    })
final class LogTrimCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;

  @Mixin private VmOption vm;

  @Option(names = "--dry-run", description = "Say what would be deleted, and delete nothing.")
  private boolean dryRun;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    ClusterConnection connection = cluster.reach();
    ClusterOptions.requireLog(connection, vm.id());
    LogTrim trim = LogTrim.plan(connection, vm.id());
    if (!dryRun) {
      trim.apply(connection);
    }
    show(trim);
    return ExitCode.OK.code();
  }

  private void show(LogTrim trim) {
    SnapshotPart.Completed manifest = trim.snapshot().manifest();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(
          Json.pretty(
              Json.object()
                  .put("vm", vm.id().text())
                  .put("run", trim.snapshot().run().toString())
                  .put("snapshot", trim.snapshot().id().toString())
                  .put("lastEpochDeleted", manifest.epoch())
                  .put("offsets", trim.offsets())
                  .put("dryRun", dryRun)));
    } else {
      out.printf(
          "%s: vm=%s run=%s up to epoch %d, snapshot %s, %d offsets%n",
          dryRun ? "would be deleted" : "deleted",
          vm.id(),
          trim.snapshot().run(),
          manifest.epoch(),
          trim.snapshot().id(),
          trim.offsets());
    }
    out.flush();
  }
}
