package io.understudy.systemtests.faults;

import io.understudy.log.LogTopics;
import io.understudy.schemas.VmId;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Entry point of the fault suite; see docs/testing.md. */
@Command(
    name = "system-tests/faults",
    mixinStandardHelpOptions = true,
    description = {
      "Break a VM's processes, networks, files and clocks, and judge what clients saw.",
      "Exit code 0: nothing was wrong; 1: something was, and standard error says what, and how to"
          + " repeat it."
    })
final class FaultsMain implements Callable<Integer> {
  private static final int EXIT_VIOLATION = 1;

  @Spec private CommandSpec spec;

  @Option(names = "--runs", defaultValue = "20", paramLabel = "N", description = "How many runs.")
  private int runs;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "Of all that is random; the clock's when not given.")
  private Long seed;

  @Option(
      names = "--from",
      defaultValue = "0",
      paramLabel = "K",
      description = "Begin with the run of this number: goes on with a suite that was ended.")
  private int from;

  @Option(
      names = "--run",
      paramLabel = "K",
      description = "Run only the one with this number, from 0.")
  private Integer run;

  @Option(
      names = "--fault",
      paramLabel = "NAME",
      description = "All runs are about this fault; else the faults take turns.")
  private String fault;

  @Option(names = "--json", description = "Write the result as JSON.")
  private boolean json;

  @Option(
      names = "--directory",
      defaultValue = "target/faults",
      paramLabel = "DIR",
      description =
          "Where data and logs are; emptied at first. What failed stays, with all the brokers"
              + " have.")
  private Path directory;

  @Option(
      names = "--keep",
      description = "Keep the evidence of runs in which nothing was wrong, too.")
  private boolean keep;

  private final Map<Integer, Brokers> clusters = new HashMap<>();
  private final Map<Integer, BeatLog> beats = new HashMap<>();

  private FaultsMain() {}

  /** Runs the suite and ends the process. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new FaultsMain())
            .setExecutionExceptionHandler(
                (failure, command, parsed) -> {
                  failure.printStackTrace(command.getErr());
                  return EXIT_VIOLATION;
                })
            .execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    if (runs < 1) {
      throw new ParameterException(spec.commandLine(), "--runs must be at least 1, is " + runs);
    }
    if (from < 0 || from >= runs) {
      throw new ParameterException(
          spec.commandLine(), "--from must be 0 to " + (runs - 1) + ", is " + from);
    }
    Optional<FaultKind> kind = kind();
    long usedSeed = seed == null ? System.currentTimeMillis() : seed;
    Path base = directory.toAbsolutePath();
    Damage.unmountBelow(base);
    Damage.delete(base);
    FaultsReport report = new FaultsReport(usedSeed);
    Thread cleaner = new Thread(this::killAll, "faults-cleaner");
    Runtime.getRuntime().addShutdownHook(cleaner);
    try {
      int first = run == null ? from : run;
      int end = run == null ? runs : run + 1;
      for (int number = first; number < end; number++) {
        execute(Schedule.of(usedSeed, number, kind), usedSeed, base, report);
      }
    } finally {
      close();
      Runtime.getRuntime().removeShutdownHook(cleaner);
    }
    if (report.isClean() && !keep) {
      Damage.delete(base);
    }
    if (json) {
      say(report.json().toString());
    } else {
      say(report.json().toPrettyString());
    }
    return report.isClean() ? 0 : EXIT_VIOLATION;
  }

  private void execute(Schedule schedule, long usedSeed, Path base, FaultsReport report)
      throws InterruptedException {
    String vm = "faults-" + schedule.run();
    Path where = base.resolve("run-" + schedule.run());
    Brokers brokers = cluster(schedule.main().brokers(), base);
    complain("run " + schedule.run() + ": " + schedule.describe());
    FaultRun.Result result =
        new FaultRun(schedule, vm, brokers, beats.get(brokers.count()), where).execute();
    String repeat =
        "system-tests/faults --seed "
            + usedSeed
            + " --run "
            + schedule.run()
            + (fault == null ? "" : " --fault " + fault);
    report.add(result, repeat, where);
    result.diary().forEach(line -> complain("    " + line));
    complain(
        String.format(
            "    %s operations=%d unanswered=%d terms=%d seconds=%.1f%s",
            result.violations().isEmpty() ? "ok" : "VIOLATED",
            result.seen().operations().size(),
            result.seen().unanswered(),
            result.terms(),
            result.seconds(),
            result.failovers().isEmpty() ? "" : " " + result.failovers()));
    brokers.forget(vm);
    if (result.violations().isEmpty()) {
      if (!keep) {
        Damage.delete(where);
      }
      try (LogTopics topics = new LogTopics(brokers.connection())) {
        topics.delete(new VmId(vm));
      }
    } else {
      result.violations().forEach(violation -> complain("  violation: " + violation));
      complain("  repeat with: " + repeat);
      complain("  evidence: " + where);
    }
  }

  private Brokers cluster(int count, Path base) {
    Brokers found = clusters.get(count);
    if (found == null) {
      found = Brokers.start(base.resolve("cluster-of-" + count), count, VmProcesses.SLOTS);
      clusters.put(count, found);
      beats.put(count, new BeatLog(found.connection()));
    }
    return found;
  }

  /** Another thread than the run's, because this process has been asked to end. */
  private void killAll() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
  }

  private void close() {
    beats.values().forEach(BeatLog::close);
    beats.clear();
    clusters.values().forEach(Brokers::close);
    clusters.clear();
  }

  private Optional<FaultKind> kind() {
    if (fault == null) {
      return Optional.empty();
    }
    return Optional.of(
        Arrays.stream(FaultKind.values())
            .filter(each -> each.label().equals(fault))
            .findFirst()
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "--fault must be one of "
                            + String.join(
                                ", ",
                                Arrays.stream(FaultKind.values()).map(FaultKind::label).toList())
                            + ", is "
                            + fault)));
  }

  private void say(String line) {
    spec.commandLine().getOut().println(line);
    spec.commandLine().getOut().flush();
  }

  private void complain(String line) {
    spec.commandLine().getErr().println(line);
    spec.commandLine().getErr().flush();
  }
}
