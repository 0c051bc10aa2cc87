package io.understudy.cli;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogException;
import io.understudy.log.LogExtent;
import io.understudy.log.LogStart;
import io.understudy.schemas.SchemaException;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import java.util.OptionalLong;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which epochs of a log a command is about. */
final class EpochSpan {
  @Option(
      names = "--from-epoch",
      paramLabel = "N",
      description = {
        "First epoch that is wanted. Reading begins with the newest snapshot before it, or with the"
            + " run",
        "if there is none."
      })
  private Long from;

  @Option(
      names = "--until-epoch",
      paramLabel = "N",
      description = "Last epoch that is wanted; all that are committed now when not given.")
  private Long until;

  /** Refuses what cannot be meant. */
  void check(CommandSpec spec) {
    if (from != null && from < 0) {
      throw new ParameterException(
          spec.commandLine(), "--from-epoch must not be negative, is " + from);
    }
    long least = from == null ? 0 : from;
    if (until != null && until < least) {
      throw new ParameterException(
          spec.commandLine(), "--until-epoch must be at least " + least + ", is " + until);
    }
  }

  /**
   * Where reading begins.
   *
   * @throws LogException if nothing that is wanted can be read
   */
  LogStart start(ClusterConnection connection, VmId vm) {
    ClusterOptions.requireLog(connection, vm);
    if (from != null) {
      // Before a long run is read for nothing. Where the end is damaged, there is perhaps more.
      newest(connection, vm).ifPresent(newest -> requireReached(vm, newest));
    }
    LogStart start =
        from == null ? LogStart.earliest(connection, vm) : LogStart.before(connection, vm, from);
    if (last() < start.firstEpoch()) {
      throw new LogException(
          "the log cannot be read that far back: vm="
              + vm
              + " untilEpoch="
              + until
              + " firstEpoch="
              + start.firstEpoch());
    }
    return start;
  }

  /** Tells people where reading begins, if that is not the run's beginning. */
  void tell(LogStart start, PrintWriter people) {
    if (start.snapshot() != null) {
      people.println(
          "begins with epoch " + start.firstEpoch() + ", behind snapshot " + start.snapshot().id());
      people.flush();
    }
  }

  private static OptionalLong newest(ClusterConnection connection, VmId vm) {
    try {
      return LogExtent.newestEpoch(connection, vm);
    } catch (LogException | SchemaException damaged) {
      return OptionalLong.empty();
    }
  }

  /** The last that is wanted; {@link Long#MAX_VALUE} if all are. */
  long last() {
    return until == null ? Long.MAX_VALUE : until;
  }

  /** Whether this one is wanted. */
  boolean has(long epoch) {
    return (from == null || epoch >= from) && epoch <= last();
  }

  /**
   * Refuses a log in which nothing was found that was asked for.
   *
   * @param lastEpoch the last that was read, -1 if there was none
   */
  void requireReached(VmId vm, long lastEpoch) {
    if (lastEpoch < 0) {
      throw new LogException("the log holds no epoch that can be read: vm=" + vm);
    }
    if (from != null && lastEpoch < from) {
      throw new LogException(
          "the log ends before the epoch: vm="
              + vm
              + " fromEpoch="
              + from
              + " lastEpoch="
              + lastEpoch);
    }
  }
}
