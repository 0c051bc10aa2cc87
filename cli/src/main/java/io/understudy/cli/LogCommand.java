package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
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

/** Writes out what is in a VM's event log, and says what of it was checked. */
@Command(
    name = "log",
    subcommands = {LogTrimCommand.class, LogExportCommand.class, LogVerifyCommand.class},
    description = {
      "Write out the events of a VM that are committed now.",
      "What is read is checked, also where it is not shown; which epochs that were, and the hash"
          + " behind",
      "the last of them, is said at the end. Reading begins with the run, or with the oldest"
          + " snapshot",
      "that is left if the beginning of the log was deleted."
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

  @Mixin private LogFilter filter;
  @Mixin private ExpectedHashes expected;

  @Option(names = "--json", description = "Write one JSON object for each event.")
  private boolean json;

  @Option(
      names = "--summary",
      description = "Write only counts and bytes for each type of event, and what was checked.")
  private boolean summary;

  @Override
  public Integer call() {
    if (vm == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--vm=ID'");
    }
    filter.check(spec);
    ClusterConnection connection = cluster.reach();
    LogVerdict verdict = new LogVerdict(vm);
    Dump dump = new Dump(spec.commandLine().getOut());
    read(connection, verdict, dump);
    dump.finish(verdict);
    filter.span().requireReached(vm, verdict.lastEpoch());
    expected.finish();
    if (!summary) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(verdict.line());
      err.flush();
    }
    return ExitCode.OK.code();
  }

  private void read(ClusterConnection connection, LogVerdict verdict, Dump dump) {
    LogStart start = filter.span().start(connection, vm);
    filter.span().tell(start, spec.commandLine().getErr());
    expected.begin(start);
    try (EpochReader reader = start.open(connection, vm)) {
      LogEnd end = reader.end();
      while (!reader.reached(end)) {
        if (filter.isDone(verdict.lastEpoch())) {
          return;
        }
        Epoch epoch = reader.poll(POLL);
        if (epoch != null) {
          expected.check(epoch.number(), epoch.next().chain().hash());
          verdict.add(epoch);
          dump.add(epoch);
        }
      }
      verdict.reachedEnd();
    }
  }

  /** Writes events and counts them. Owned by the main thread. */
  private final class Dump {
    private final PrintWriter out;
    private final LogSummary counts = new LogSummary();

    private Dump(PrintWriter out) {
      this.out = out;
      if (!json && !summary) {
        out.println(EventText.heading());
      }
    }

    private void add(Epoch epoch) {
      if (filter.wants(epoch)) {
        epoch.events().forEach(record -> add(epoch, record));
        add(epoch, epoch.markRecord());
      }
    }

    private void add(Epoch epoch, EventRecord record) {
      if (!filter.takes(record)) {
        return;
      }
      if (summary) {
        counts.add(record);
      } else if (json) {
        out.println(Json.line(EventText.json(epoch.committedAtMillis(), record)));
      } else {
        out.println(EventText.line(epoch.committedAtMillis(), record));
      }
    }

    private void finish(LogVerdict verdict) {
      if (summary && verdict.epochs() > 0) {
        ObjectNode result = counts.json(vm);
        result.set("checked", verdict.json());
        out.print(
            json
                ? Json.pretty(result) + System.lineSeparator()
                : counts.table() + verdict.line() + System.lineSeparator());
      }
      out.flush();
    }
  }
}
