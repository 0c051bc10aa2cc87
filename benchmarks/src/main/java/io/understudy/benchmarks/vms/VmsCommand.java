package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.WorkDirectory;
import io.understudy.kvm.Kvm;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code run vms}: what protecting VMs costs an operator.
 *
 * <p>Question: what do 1, 2, 8 VMs take that are protected by one node process on each side, with
 * one coordinator and one broker, and how much more is that than the same guests take without?
 * Units: percent of one processor, MiB, bytes, milliseconds. Meaningless while something else uses
 * the host's processors. All processes share one host here, the clients too: with more than it can
 * carry, latencies tell about the host.
 */
@Command(
    name = "vms",
    description = "Node processes with several VMs, idle and under load: what protection costs.")
public final class VmsCommand implements Callable<Integer> {
  private static final int VMS_MAX = 64;
  private static final int SECONDS_MAX = 3600;
  private static final int RATE_MAX = 1000;

  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean isJson;

  @Option(
      names = "--counts",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,2,8",
      description = "How many VMs, one after the other; default: ${DEFAULT-VALUE}.")
  private List<Integer> counts;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "10",
      description = "How long is measured, idle and under load each; default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "20",
      description = "Requests a second of each VM's client; default: ${DEFAULT-VALUE}.")
  private int rate;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "How long clients are at work before that; default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--repetitions",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often everything is measured; default: ${DEFAULT-VALUE}.")
  private int repetitions;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    counts.forEach(count -> requireWithin("--counts", 1, VMS_MAX, count));
    if (new HashSet<>(counts).size() < counts.size()) {
      throw new ParameterException(spec.commandLine(), "--counts names a number twice: " + counts);
    }
    requireWithin("--seconds", 1, SECONDS_MAX, seconds);
    requireWithin("--rate", 1, RATE_MAX, rate);
    requireWithin("--warm-up", 0, SECONDS_MAX, warmUp);
    requireWithin("--repetitions", 1, Integer.MAX_VALUE, repetitions);
    // Found now, not by each process.
    Kvm.open().close();
    Plan plan = new Plan(Duration.ofSeconds(warmUp), Duration.ofSeconds(seconds), rate);
    List<Row> rows = new ArrayList<>();
    for (int count : counts) {
      rows.add(row(count, plan));
    }
    new VmsReport(plan, repetitions, rows).print(spec.commandLine().getOut(), isJson);
    return 0;
  }

  private void requireWithin(String option, int minimum, int maximum, int value) {
    if (value < minimum || value > maximum) {
      throw new ParameterException(
          spec.commandLine(), option + " must be " + minimum + " to " + maximum + ", is " + value);
    }
  }

  private Row row(int count, Plan plan) throws IOException, InterruptedException {
    List<Map<Mode, Trial>> all = new ArrayList<>();
    for (int repetition = 1; repetition <= repetitions; repetition++) {
      List<Mode> modes = new ArrayList<>(List.of(Mode.values()));
      if (repetition % 2 == 0) {
        // What disturbs the host for longer disturbs each mode by turns.
        Collections.reverse(modes);
      }
      Map<Mode, Trial> trials = new EnumMap<>(Mode.class);
      for (Mode mode : modes) {
        Trial trial = trial(mode, count, plan);
        trials.put(mode, trial);
        say(progress(count, repetition, mode, trial));
      }
      all.add(trials);
    }
    return new Row(count, all);
  }

  private Trial trial(Mode mode, int count, Plan plan) throws IOException, InterruptedException {
    try (WorkDirectory directory = WorkDirectory.create()) {
      try (Deployment deployment = mode.start(count, directory)) {
        return Trial.measure(deployment, count, plan);
      } catch (IOException | RuntimeException failure) {
        say(Logs.tails(directory.path()));
        throw failure;
      }
    }
  }

  private String progress(int count, int repetition, Mode mode, Trial trial) {
    return String.format(
        Locale.ROOT,
        "vms %d, repetition %d/%d, %s: processor %.1f %% idle, %.1f %% under load, p50 %.2f ms",
        count,
        repetition,
        repetitions,
        mode.key(),
        trial.idle().cpuPercent(),
        trial.load().cpuPercent(),
        trial.load().latencies().orElseThrow().p50Millis());
  }

  private void say(String text) {
    PrintWriter people = spec.commandLine().getErr();
    people.println(text);
    people.flush();
  }
}
