package io.understudy.benchmarks.compute;

import io.understudy.benchmarks.LocalBroker;
import io.understudy.kvm.Kvm;
import io.understudy.log.LogTopics;
import io.understudy.machine.RunClock;
import io.understudy.machine.RunRefusedException;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code run compute}: guests that compute while interrupts come.
 *
 * <p>Question: does every replay take every interrupt where the recording took it, and what does it
 * cost to be able to? Ends with 1 if any replay differs. Ratios are of instructions a second, or of
 * wall time, within one run; meaningless while something else uses the host's processors.
 */
@Command(
    name = "compute",
    description = "Guests that compute, interrupted at random places: recorded and replayed.")
public final class ComputeCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean isJson;

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "20",
      description = "How many runs are recorded and replayed; default: ${DEFAULT-VALUE}.")
  private int runs;

  @Option(
      names = "--clock",
      paramLabel = "NAME",
      description =
          "The runs' logical clock, as exit+instructions+transfer; if not given, the best that this"
              + " host offers.")
  private String clockName;

  @Option(
      names = "--millis",
      paramLabel = "MS",
      defaultValue = "120",
      description = "Longest computation, milliseconds of the guest; default: ${DEFAULT-VALUE}.")
  private int millis;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description =
          "Seed of the first run's requests and kicks, each further run has the next one;"
              + " default: ${DEFAULT-VALUE}.")
  private long seed;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    requireAtLeast("--runs", 1, runs);
    requireAtLeast("--millis", Traffic.BURN_MILLIS_MIN, millis);
    try (Kvm kvm = Kvm.open()) {
      RunClock clock = clock(kvm);
      ComputeReport report = measure(kvm, clock);
      report.print(spec.commandLine().getOut(), isJson);
      return report.mismatches() == 0 ? 0 : 1;
    }
  }

  private void requireAtLeast(String option, int minimum, int value) {
    if (value < minimum) {
      throw new ParameterException(
          spec.commandLine(), option + " must be at least " + minimum + ", is " + value);
    }
  }

  private RunClock clock(Kvm kvm) {
    if (clockName == null) {
      return RunClock.bestOf(kvm);
    }
    try {
      RunClock clock = RunClock.parse(clockName);
      clock.requireOn(kvm);
      if (!clock.preempts()) {
        throw new ParameterException(
            spec.commandLine(), "--clock must have places between exits, is " + clock);
      }
      return clock;
    } catch (IllegalArgumentException | RunRefusedException wrong) {
      throw new ParameterException(spec.commandLine(), "--clock: " + wrong.getMessage(), wrong);
    }
  }

  private ComputeReport measure(Kvm kvm, RunClock clock) throws IOException, InterruptedException {
    List<Round> rounds = new ArrayList<>();
    try (LocalBroker broker = LocalBroker.start();
        LogTopics topics = new LogTopics(broker.connection())) {
      Laboratory laboratory = new Laboratory(kvm, clock, millis, broker.connection());
      for (int index = 0; index < runs; index++) {
        VmId vm = new VmId("compute-" + (index + 1));
        topics.create(vm, Laboratory.PARTITIONS);
        Round round = repeatable(laboratory, clock, seed + index, vm);
        topics.delete(vm);
        say("run " + (index + 1) + "/" + runs + ": " + round.text());
        if (!round.matches()) {
          say("MISMATCH: " + round.mismatch() + "; " + howToRepeat(clock, round.seed()));
        }
        rounds.add(round);
      }
    }
    return new ComputeReport(clock.name(), seed, rounds);
  }

  /** A run that cannot be made says how to try it again. */
  private Round repeatable(Laboratory laboratory, RunClock clock, long roundSeed, VmId vm)
      throws InterruptedException {
    try {
      return laboratory.round(roundSeed, vm);
    } catch (RuntimeException failure) {
      throw new IllegalStateException("a run failed; " + howToRepeat(clock, roundSeed), failure);
    }
  }

  private String howToRepeat(RunClock clock, long roundSeed) {
    return "repeat with: --runs 1 --seed "
        + roundSeed
        + " --clock "
        + clock
        + " --millis "
        + millis;
  }

  private void say(String text) {
    PrintWriter people = spec.commandLine().getErr();
    people.println(text);
    people.flush();
  }
}
