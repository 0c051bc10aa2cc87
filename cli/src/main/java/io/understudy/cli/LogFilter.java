package io.understudy.cli;

import io.understudy.log.Epoch;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which events of a log are shown. */
final class LogFilter {
  private static final Set<String> TYPES =
      Arrays.stream(GuestEvent.class.getPermittedSubclasses())
          .map(Class::getSimpleName)
          .collect(Collectors.toCollection(TreeSet::new));

  @Mixin private EpochSpan span;

  @Option(
      names = "--from-time",
      paramLabel = "INSTANT",
      description = {
        "Show epochs that were committed then or later (2026-01-31T23:59:00Z), by the leader's"
            + " clock.",
      })
  private Instant fromTime;

  @Option(
      names = "--until-time",
      paramLabel = "INSTANT",
      description = "Show epochs that were committed then or before.")
  private Instant untilTime;

  @Option(
      names = "--type",
      split = ",",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "TYPE",
      description = "Show events of these types alone, such as RunStarted,TermStarted,RunEnded.")
  private Set<String> types = Set.of();

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Most events to show; reading and checking end there.")
  private Long limit;

  private long shown;

  /** Refuses what cannot be meant. */
  void check(CommandSpec spec) {
    span.check(spec);
    require(spec, limit == null || limit >= 1, "--limit must be at least 1", limit);
    require(
        spec,
        fromTime == null || untilTime == null || !untilTime.isBefore(fromTime),
        "--until-time must not be before --from-time",
        untilTime);
    require(spec, TYPES.containsAll(types), "--type must be of " + String.join(", ", TYPES), types);
  }

  private static void require(CommandSpec spec, boolean isGood, String what, Object actual) {
    if (!isGood) {
      throw new ParameterException(spec.commandLine(), what + ", is " + actual);
    }
  }

  /** Which epochs are wanted, whenever they were committed. */
  EpochSpan span() {
    return span;
  }

  /** Whether nothing behind {@code epoch} is wanted. */
  boolean isDone(long epoch) {
    return isFull() || epoch >= span.last();
  }

  private boolean isFull() {
    return limit != null && shown >= limit;
  }

  /** Whether the events of an epoch are wanted. */
  boolean wants(Epoch epoch) {
    Instant at = Instant.ofEpochMilli(epoch.committedAtMillis());
    return span.has(epoch.number())
        && (fromTime == null || !at.isBefore(fromTime))
        && (untilTime == null || !at.isAfter(untilTime));
  }

  /** Whether an event of such an epoch is shown; it is counted then. */
  boolean takes(EventRecord record) {
    boolean isWanted = !isFull() && (types.isEmpty() || types.contains(record.event().typeName()));
    if (isWanted) {
      shown++;
    }
    return isWanted;
  }
}
