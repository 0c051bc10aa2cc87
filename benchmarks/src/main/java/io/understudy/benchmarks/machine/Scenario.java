package io.understudy.benchmarks.machine;

import io.understudy.benchmarks.Samples;
import io.understudy.benchmarks.SettledLog;
import io.understudy.cli.demo.EventLogSize;
import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * One way to load the guest, measured over and over: each repetition runs the same bytes in every
 * mode, so that what disturbs the host disturbs all of them. Owned by one thread.
 */
final class Scenario {
  private static final long MEMORY_BYTES = 32L << 20;
  private static final double NANOS_PER_MILLI = 1e6;

  private final String name;
  private final Workload workload;
  private final Mode bare = new Mode("bare");
  private final Mode repeated = new Mode("repeated");
  private final Mode recorded = new Mode("recorded");
  private final Mode replayed = new Mode("replayed");
  private final List<Double> commitMillis = new ArrayList<>();
  private final List<EventLogSize> logs = new ArrayList<>();

  Scenario(String name, Workload workload) {
    this.name = name;
    this.workload = workload;
  }

  String name() {
    return name;
  }

  Workload workload() {
    return workload;
  }

  /** A machine that nobody records. */
  Mode bare() {
    return bare;
  }

  /** The recorded execution without anything else; what recording and replaying compare with. */
  Mode repeated() {
    return repeated;
  }

  /** All modes. */
  List<Mode> modes() {
    return List.of(bare, repeated, recorded, replayed);
  }

  /** Each commit of each repetition, milliseconds. */
  Samples commitMillis() {
    return new Samples(commitMillis);
  }

  /** Committed epochs. */
  Samples epochs() {
    return new Samples(logs.stream().map(EventLogSize::epochs).toList());
  }

  /** Events in them, marks not counted. */
  Samples events() {
    return new Samples(logs.stream().map(EventLogSize::events).toList());
  }

  /** Size of the broker's segment files by event; marks and what Kafka adds are in it. */
  Samples bytesPerEvent() {
    return new Samples(logs.stream().map(EventLogSize::bytesPerEvent).toList());
  }

  /** The same by request. */
  Samples bytesPerRequest() {
    return new Samples(logs.stream().map(log -> (double) log.bytes() / workload.count()).toList());
  }

  /**
   * Another repetition.
   *
   * @return what it found, in one line
   */
  String repeat(Kvm kvm, ClusterConnection connection, int repetition) throws InterruptedException {
    MachineConfig config =
        new MachineConfig(
            GuestImages.find(GuestImages.LEDGER), MEMORY_BYTES, "", System.currentTimeMillis());
    VmId vm = new VmId("bench-" + UUID.randomUUID());
    // All need the recording but the bare run, which comes first or last by turns.
    Measured bareRun = null;
    if (repetition % 2 == 0) {
      bareRun = BareRun.run(kvm, config, workload);
    }
    RecordedRun.Result recording = RecordedRun.run(kvm, config, workload, connection, vm);
    SettledLog.await(connection, vm);
    Measured replay = ReplayedRun.run(kvm, workload, connection, vm);
    Measured again = RepeatedRun.run(kvm, config, workload, connection, vm);
    if (bareRun == null) {
      bareRun = BareRun.run(kvm, config, workload);
    }
    bare.add(bareRun);
    repeated.add(again);
    recorded.add(recording.measured());
    replayed.add(replay);
    recording.commitNanos().forEach(nanos -> commitMillis.add(nanos / NANOS_PER_MILLI));
    logs.add(EventLogSize.measure(connection, vm, () -> {}));
    return String.format(
        Locale.ROOT,
        "%s: repetition=%d bare=%.0f ms repeated=%.0f ms recorded=%.0f ms replayed=%.0f ms",
        name,
        repetition,
        bareRun.wallNanos() / NANOS_PER_MILLI,
        again.wallNanos() / NANOS_PER_MILLI,
        recording.measured().wallNanos() / NANOS_PER_MILLI,
        replay.wallNanos() / NANOS_PER_MILLI);
  }

  /** Forgets the repetitions so far: they were for the JVM to warm up. */
  void forget() {
    modes().forEach(Mode::forget);
    commitMillis.clear();
    logs.clear();
  }
}
