package io.understudy.benchmarks.machine;

import io.understudy.benchmarks.LocalBroker;
import io.understudy.kvm.Kvm;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code run machine}: what recording and replaying cost a whole machine.
 *
 * <p>Question: how much longer does the same workload take when it is recorded to Kafka, and when
 * it is replayed, than on the bare machine? Unit: milliseconds of wall time, and their ratios
 * within one repetition. Meaningless while something else uses the host's processors, and for other
 * workloads: what is paid is paid for exits, events and commits.
 */
@Command(
    name = "machine",
    description = "A fixed workload on a whole machine: bare, repeated, recorded, replayed.")
public final class MachineCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean isJson;

  @Option(
      names = "--repetitions",
      paramLabel = "N",
      defaultValue = "15",
      description = "How often each scenario is measured; default: ${DEFAULT-VALUE}.")
  private int repetitions;

  @Option(
      names = "--warm-ups",
      paramLabel = "N",
      defaultValue = "2",
      description = "Repetitions before that, for the JVM to warm up; default: ${DEFAULT-VALUE}.")
  private int warmUps;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "500",
      description =
          "Requests of the pipelined scenario; one at a time goes a fifth of them;"
              + " default: ${DEFAULT-VALUE}.")
  private int requests;

  @Option(
      names = "--window",
      paramLabel = "N",
      defaultValue = "64",
      description = "Unanswered requests of the pipelined scenario; default: ${DEFAULT-VALUE}.")
  private int window;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    requireAtLeast("--repetitions", 1, repetitions);
    requireAtLeast("--warm-ups", 0, warmUps);
    requireAtLeast("--requests", 10, requests);
    requireAtLeast("--window", 1, window);
    measure().print(spec.commandLine().getOut(), isJson);
    return 0;
  }

  private void requireAtLeast(String option, int minimum, int value) {
    if (value < minimum) {
      throw new ParameterException(
          spec.commandLine(), option + " must be at least " + minimum + ", is " + value);
    }
  }

  private MachineReport measure() throws IOException, InterruptedException {
    // Requests while the guest boots and the first pages are touched.
    int unmeasured = Math.max(1, requests / 20);
    List<Scenario> scenarios =
        List.of(
            new Scenario("pipelined", new Workload(unmeasured, requests, window)),
            new Scenario("one at a time", new Workload(unmeasured / 5 + 1, requests / 5, 1)));
    try (Kvm kvm = Kvm.open();
        LocalBroker broker = LocalBroker.start()) {
      for (int repetition = -warmUps; repetition < repetitions; repetition++) {
        if (repetition == 0) {
          scenarios.forEach(Scenario::forget);
        }
        for (Scenario scenario : scenarios) {
          say(scenario.repeat(kvm, broker.connection(), repetition));
        }
      }
    }
    return new MachineReport(repetitions, scenarios);
  }

  private void say(String text) {
    PrintWriter people = spec.commandLine().getErr();
    people.println(text);
    people.flush();
  }
}
