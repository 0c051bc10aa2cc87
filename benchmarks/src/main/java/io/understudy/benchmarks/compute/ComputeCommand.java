package io.understudy.benchmarks.compute;

import io.understudy.benchmarks.LocalBroker;
import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTopics;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.RunClock;
import io.understudy.machine.RunRefusedException;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.EventRecord;
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
  private static final long MEMORY_BYTES = 32L << 20;

  /**
   * A guest starts with the ticks that the wall clock says it has missed. Here it is to miss none,
   * whatever it takes until it runs, or they would pass for late interrupts.
   */
  private static final long START_LEAD_MILLIS = 60_000;

  /** Makes the seeds of kicks differ from those of traffic, and from each other. */
  private static final long KICKS = 1L << 32;

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
    boolean counts = HostProbe.hasExactInstructionCount(kvm);
    List<Round> rounds = new ArrayList<>();
    try (LocalBroker broker = LocalBroker.start();
        LogTopics topics = new LogTopics(broker.connection())) {
      for (int index = 0; index < runs; index++) {
        VmId vm = new VmId("compute-" + (index + 1));
        topics.create(vm, RecordedRun.PARTITIONS);
        Round round = round(kvm, clock, counts, seed + index, broker.connection(), vm);
        topics.delete(vm);
        say("run " + (index + 1) + "/" + runs + ": " + round.text());
        if (!round.matches()) {
          say(
              String.format(
                  "MISMATCH: %s; repeat with: --runs 1 --seed %d --clock %s --millis %d",
                  round.mismatch(), round.seed(), clock, millis));
        }
        rounds.add(round);
      }
    }
    return new ComputeReport(clock.name(), seed, rounds);
  }

  private Round round(
      Kvm kvm,
      RunClock clock,
      boolean counts,
      long roundSeed,
      ClusterConnection connection,
      VmId vm)
      throws InterruptedException {
    Traffic traffic = Traffic.of(roundSeed, millis);
    // Unrecorded and recorded take turns in being first.
    boolean isPlainFirst = roundSeed % 2 == 0;
    double plainSpeed = isPlainFirst ? plainSpeed(kvm, traffic, roundSeed) : 0;
    RecordedRun.Result recording =
        RecordedRun.run(kvm, config(clock), traffic, roundSeed + KICKS, connection, vm);
    ReplayedRun replay =
        ReplayedRun.of(
            kvm, connection, vm, roundSeed + 2 * KICKS, recording.output(), recording.repliesEnd());
    if (!isPlainFirst) {
      plainSpeed = plainSpeed(kvm, traffic, roundSeed);
    }
    return new Round(
        roundSeed,
        replay.mismatch(),
        ForcedPoints.in(replay.records()),
        replay.mismatch() == null
            ? bytesPerSecond(recording.burns(), replay.records())
            : Double.NaN,
        recording.statistics().worstTickDelayMicros(),
        counts ? plainSpeed : Double.NaN,
        counts ? Round.speed(recording.burns()) : Double.NaN,
        recording.nanos(),
        replay.nanos());
  }

  private static double plainSpeed(Kvm kvm, Traffic traffic, long roundSeed)
      throws InterruptedException {
    return Round.speed(PlainRun.run(kvm, config(RunClock.EXIT), traffic, roundSeed + KICKS));
  }

  private static double bytesPerSecond(List<Client.Burn> burns, List<EventRecord> records) {
    long bytes = 0;
    for (Client.Burn burn : burns) {
      bytes += ForcedPoints.bytesBetween(records, burn.inputOffset(), burn.untilPosition());
    }
    return bytes * 1e9 / Round.nanos(burns);
  }

  private static MachineConfig config(RunClock clock) {
    return new MachineConfig(
        GuestImages.find(GuestImages.LEDGER),
        MEMORY_BYTES,
        "",
        System.currentTimeMillis() + START_LEAD_MILLIS,
        0,
        clock,
        null,
        "",
        Attachments.UART);
  }

  private void say(String text) {
    PrintWriter people = spec.commandLine().getErr();
    people.println(text);
    people.flush();
  }
}
