package io.understudy.cli;

import io.understudy.failover.node.ProgramVersion;
import io.understudy.log.ClusterConnection;
import io.understudy.log.EvidenceReport;
import io.understudy.log.LogExport;
import io.understudy.log.LogStart;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes a part of a VM's log into a file that can be verified without the cluster. */
@Command(
    name = "export",
    description = {
      "Write committed epochs of a VM into a file that 'log verify' checks without the cluster.",
      "The records are written as they lie in Kafka, and verified meanwhile. When not said"
          + " otherwise,",
      "it begins where the log does: with the run's first epoch, or behind the oldest snapshot."
    })
final class LogExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;

  @Mixin private VmOption vm;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FILE",
      description = "The file to write, an Avro Object Container File. It must not exist.")
  private Path to;

  @Option(names = "--from-epoch", paramLabel = "N", description = "The first epoch in the file.")
  private Long fromEpoch;

  @Option(
      names = "--until-epoch",
      paramLabel = "N",
      description = "The last epoch in the file; the newest committed one when not given.")
  private Long untilEpoch;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    checkEpochs();
    checkFile();
    ClusterConnection connection = cluster.reach();
    ClusterOptions.requireLog(connection, vm.id());
    LogStart start =
        fromEpoch == null
            ? LogStart.earliest(connection, vm.id())
            : LogStart.before(connection, vm.id(), fromEpoch);
    PrintWriter err = spec.commandLine().getErr();
    if (fromEpoch == null && start.firstEpoch() > 0) {
      err.println(
          "the log begins with epoch " + start.firstEpoch() + ", what was before is deleted");
      err.flush();
    }
    EverySecond progress = new EverySecond(err);
    LogExport export =
        new LogExport(
            connection,
            vm.id(),
            to,
            "understudy " + ProgramVersion.text(),
            (step, epoch) -> progress.say(() -> step + ": vm=" + vm.id() + " epoch=" + epoch));
    Runtime.getRuntime().addShutdownHook(new Thread(export::abandon, "cli-abandon-export"));
    EvidenceReport report =
        export.run(
            start,
            fromEpoch == null ? start.firstEpoch() : fromEpoch,
            untilEpoch == null ? LogExport.TO_THE_END : untilEpoch);
    PrintWriter out = spec.commandLine().getOut();
    out.print(EvidenceText.exported(to, report, json));
    out.flush();
    return ExitCode.OK.code();
  }

  private void checkEpochs() {
    long first = fromEpoch == null ? 0 : fromEpoch;
    if (first < 0 || (untilEpoch != null && untilEpoch < first)) {
      throw new ParameterException(
          spec.commandLine(),
          "--from-epoch must not be negative and --until-epoch not below it: fromEpoch="
              + first
              + " untilEpoch="
              + untilEpoch);
    }
  }

  /** Before the cluster is asked for anything: the export may take long. */
  private void checkFile() {
    if (Files.exists(to)) {
      throw new ParameterException(
          spec.commandLine(), "file exists, and is not overwritten: --to " + to);
    }
    Path directory = to.toAbsolutePath().getParent();
    if (to.getFileName() == null || directory == null || !Files.isDirectory(directory)) {
      throw new ParameterException(
          spec.commandLine(), "no such directory: " + directory + ": --to " + to);
    }
  }
}
