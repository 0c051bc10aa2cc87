package io.understudy.cli;

import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.LogEnd;
import io.understudy.log.LogStart;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Writes out what is in a VM's event log. */
@Command(
    name = "log",
    subcommands = LogTrimCommand.class,
    description = {
      "Write out the events of a VM that are committed now.",
      "The log is checked from its beginning on, also the part that is not shown. Where the"
          + " beginning",
      "was deleted, that is where the oldest snapshot that is left was taken."
    })
final class LogCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(200);

  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;

  // Not required of the subcommands, which have their own.
  @Option(
      names = "--vm",
      paramLabel = "ID",
      description = "The virtual machine; required.",
      converter = Converters.ToVmId.class)
  private VmId vm;

  @Option(
      names = "--from-epoch",
      defaultValue = "0",
      paramLabel = "N",
      description = "First epoch to show.")
  private long fromEpoch;

  @Option(names = "--limit", paramLabel = "N", description = "Most events to show.")
  private Long limit;

  @Option(names = "--json", description = "Write one JSON object for each event.")
  private boolean json;

  @Option(names = "--summary", description = "Write only counts and bytes for each type of event.")
  private boolean summary;

  @Override
  public Integer call() {
    if (vm == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--vm=ID'");
    }
    if (fromEpoch < 0 || (limit != null && limit < 1)) {
      throw new ParameterException(
          spec.commandLine(),
          "--from-epoch must not be negative and --limit at least 1: fromEpoch="
              + fromEpoch
              + " limit="
              + limit);
    }
    ClusterConnection connection = cluster.reach();
    ClusterOptions.requireLog(connection, vm);
    Dump dump = new Dump(spec.commandLine().getOut());
    LogStart start = LogStart.earliest(connection, vm);
    if (start.firstEpoch() > fromEpoch) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(
          "the log begins with epoch " + start.firstEpoch() + ", what was before is deleted");
      err.flush();
    }
    try (EpochReader reader = start.open(connection, vm)) {
      LogEnd end = reader.end();
      while (!dump.isFull() && !reader.reached(end)) {
        Epoch epoch = reader.poll(POLL);
        if (epoch != null && epoch.number() >= fromEpoch) {
          dump.add(epoch);
        }
      }
    }
    dump.finish();
    return ExitCode.OK.code();
  }

  /** Writes events and counts them. Owned by the main thread. */
  private final class Dump {
    private final PrintWriter out;
    private final LogSummary counts = new LogSummary();
    private long shown;

    private Dump(PrintWriter out) {
      this.out = out;
      if (!json && !summary) {
        out.println(EventText.heading());
      }
    }

    private boolean isFull() {
      return limit != null && shown >= limit;
    }

    private void add(Epoch epoch) {
      epoch.events().forEach(this::add);
      add(epoch.markRecord());
    }

    private void add(EventRecord record) {
      if (isFull()) {
        return;
      }
      shown++;
      if (summary) {
        counts.add(record);
      } else {
        out.println(json ? Json.line(EventText.json(record)) : EventText.line(record));
      }
    }

    private void finish() {
      if (summary) {
        out.print(json ? Json.pretty(counts.json(vm)) + System.lineSeparator() : counts.table());
      }
      out.flush();
    }
  }
}
