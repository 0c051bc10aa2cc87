package io.understudy.benchmarks.machine;

import io.understudy.benchmarks.Samples;
import io.understudy.cli.demo.EventLogSize;
import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.schemas.VmId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * One way to load the guest, measured over and over: each repetition runs the same bytes bare,
 * recorded and replayed, so that what disturbs the host disturbs all three. Owned by one thread.
 */
final class Scenario {
  private static final long MEMORY_BYTES = 32L << 20;
  private static final double NANOS_PER_MILLI = 1e6;

  private final String name;
  private final Workload workload;

  private final List<Double> bareMillis = new ArrayList<>();
  private final List<Double> recordedMillis = new ArrayList<>();
  private final List<Double> replayedMillis = new ArrayList<>();
  private final List<Double> commitMillis = new ArrayList<>();
  private final List<Double> bytesPerEvent = new ArrayList<>();
  private final List<Double> bytesPerRequest = new ArrayList<>();
  private final List<Long> epochs = new ArrayList<>();
  private final List<Long> events = new ArrayList<>();
  private final List<Long> exits = new ArrayList<>();

  Scenario(String name, Workload workload) {
    this.name = name;
    this.workload = workload;
  }

  /**
   * What was found.
   *
   * @param recordedToBare wall time of recording over that of the bare run, by repetition
   * @param replayedToBare wall time of the replay over that of the bare run, by repetition
   * @param commitMillis every commit of every repetition
   * @param bytesPerEvent of the broker's segment files, marks and Kafka's own included
   * @param exits deterministic exits of the recorded run
   */
  record Result(
      String name,
      Workload workload,
      Samples bareMillis,
      Samples recordedMillis,
      Samples replayedMillis,
      Samples recordedToBare,
      Samples replayedToBare,
      Samples commitMillis,
      Samples bytesPerEvent,
      Samples bytesPerRequest,
      Samples epochs,
      Samples events,
      Samples exits) {}

  /** Another repetition. */
  void repeat(
      Kvm kvm,
      ClusterConnection connection,
      Path brokerData,
      int repetition,
      Consumer<String> progress)
      throws InterruptedException {
    MachineConfig config =
        new MachineConfig(
            GuestImages.find(GuestImages.LEDGER), MEMORY_BYTES, "", System.currentTimeMillis());
    VmId vm = new VmId("bench-" + UUID.randomUUID());
    // The replay needs the recording; the bare run comes before both or after both, by turns.
    if (repetition % 2 == 0) {
      bare(kvm, config);
    }
    RecordedRun.Result recorded = RecordedRun.run(kvm, config, workload, connection, vm);
    recordedMillis.add(recorded.nanos() / NANOS_PER_MILLI);
    recorded.commitNanos().forEach(nanos -> commitMillis.add(nanos / NANOS_PER_MILLI));
    replayedMillis.add(ReplayedRun.run(kvm, workload, connection, vm) / NANOS_PER_MILLI);
    if (repetition % 2 == 1) {
      bare(kvm, config);
    }
    EventLogSize size = EventLogSize.measure(connection, vm, brokerData);
    bytesPerEvent.add(size.bytesPerEvent());
    bytesPerRequest.add((double) size.bytes() / workload.count());
    epochs.add(size.epochs());
    events.add(size.events());
    exits.add(recorded.position());
    progress.accept(
        String.format(
            "%s: repetition=%d bare=%.0f ms recorded=%.0f ms replayed=%.0f ms",
            name, repetition, last(bareMillis), last(recordedMillis), last(replayedMillis)));
  }

  private void bare(Kvm kvm, MachineConfig config) throws InterruptedException {
    bareMillis.add(BareRun.run(kvm, config, workload) / NANOS_PER_MILLI);
  }

  private static double last(List<Double> figures) {
    return figures.get(figures.size() - 1);
  }

  /** Forgets the repetitions so far: they were for the JVM to warm up. */
  void forget() {
    List.of(
            bareMillis,
            recordedMillis,
            replayedMillis,
            commitMillis,
            bytesPerEvent,
            bytesPerRequest,
            epochs,
            events,
            exits)
        .forEach(List::clear);
  }

  /** What was found since. */
  Result result() {
    return new Result(
        name,
        workload,
        new Samples(bareMillis),
        new Samples(recordedMillis),
        new Samples(replayedMillis),
        new Samples(ratios(recordedMillis, bareMillis)),
        new Samples(ratios(replayedMillis, bareMillis)),
        new Samples(commitMillis),
        new Samples(bytesPerEvent),
        new Samples(bytesPerRequest),
        new Samples(epochs),
        new Samples(events),
        new Samples(exits));
  }

  private static List<Double> ratios(List<Double> dividends, List<Double> divisors) {
    List<Double> ratios = new ArrayList<>();
    for (int index = 0; index < dividends.size(); index++) {
      ratios.add(dividends.get(index) / divisors.get(index));
    }
    return ratios;
  }
}
