package io.understudy.benchmarks.compute;

import io.understudy.benchmarks.SettledLog;
import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.machine.GuestImages;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.RunClock;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.VmId;
import java.util.List;

/** Makes runs: recorded, replayed, and without a recording. Owned by one thread. */
final class Laboratory {
  /** Partitions of a run's log. */
  static final int PARTITIONS = 4;

  private static final long MEMORY_BYTES = 32L << 20;
  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * A guest starts with the ticks that the wall clock says it has missed. Here it is to miss none,
   * whatever it takes until it runs, or they would pass for late interrupts.
   */
  private static final long START_LEAD_MILLIS = 60_000;

  /** Makes the seeds of kicks differ from those of traffic, and from each other. */
  private static final long KICKS = 1L << 32;

  private final Kvm kvm;
  private final RunClock clock;
  private final int maxMillis;
  private final ClusterConnection connection;
  private final boolean counts;

  /**
   * For runs by {@code clock}.
   *
   * @param maxMillis longest computation
   * @param connection to the cluster that keeps the logs
   */
  Laboratory(Kvm kvm, RunClock clock, int maxMillis, ClusterConnection connection) {
    this.kvm = kvm;
    this.clock = clock;
    this.maxMillis = maxMillis;
    this.connection = connection;
    this.counts = HostProbe.hasExactInstructionCount(kvm);
  }

  /** Makes the run of a seed, as the run of {@code vm}, whose topic is there; the log stays. */
  Round round(long seed, VmId vm) throws InterruptedException {
    Traffic traffic = Traffic.of(seed, maxMillis);
    // Unrecorded and recorded take turns in being first.
    boolean isPlainFirst = seed % 2 == 0;
    double plainSpeed = isPlainFirst ? plainSpeed(traffic, seed) : 0;
    RecordedRun.Result recording =
        RecordedRun.run(kvm, config(clock), traffic, seed + KICKS, connection, vm);
    SettledLog.await(connection, vm);
    ReplayedRun replay = replay(vm, seed + 2 * KICKS, recording);
    String mismatch = replay.mismatch();
    if (mismatch != null) {
      // If this one is equal, the recording is right and the replay was not.
      String again = replay(vm, seed + 3 * KICKS, recording).mismatch();
      mismatch += "; replayed once more: " + (again == null ? "equal" : again);
    }
    if (!isPlainFirst) {
      plainSpeed = plainSpeed(traffic, seed);
    }
    return new Round(
        seed,
        mismatch,
        ForcedPoints.in(replay.records()),
        mismatch == null ? bytesPerSecond(recording.burns(), replay.records()) : Double.NaN,
        recording.statistics().worstTickDelayMicros(),
        counts ? plainSpeed : Double.NaN,
        counts ? Round.speed(recording.burns()) : Double.NaN,
        recording.nanos(),
        replay.nanos());
  }

  private ReplayedRun replay(VmId vm, long kickSeed, RecordedRun.Result recording)
      throws InterruptedException {
    return ReplayedRun.of(
        kvm, connection, vm, kickSeed, recording.output(), recording.repliesEnd());
  }

  private double plainSpeed(Traffic traffic, long seed) throws InterruptedException {
    return Round.speed(PlainRun.run(kvm, config(RunClock.EXIT), traffic, seed + KICKS));
  }

  private static double bytesPerSecond(List<Client.Burn> burns, List<EventRecord> records) {
    long bytes = 0;
    for (Client.Burn burn : burns) {
      bytes += ForcedPoints.bytesBetween(records, burn.inputOffset(), burn.untilPosition());
    }
    return bytes * NANOS_PER_SECOND / Round.nanos(burns);
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
}
