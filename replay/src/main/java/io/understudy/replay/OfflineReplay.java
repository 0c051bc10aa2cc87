package io.understudy.replay;

import io.understudy.kvm.Kvm;
import io.understudy.log.ChainState;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.LogEnd;
import io.understudy.log.LogException;
import io.understudy.log.LogStart;
import io.understudy.log.StoredSnapshot;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.MachineParts;
import io.understudy.machine.RunHeader;
import io.understudy.machine.StateDigest;
import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Replays a run as far as it is in the log now, verifying every epoch; for audit. */
public final class OfflineReplay {
  private static final Duration POLL = Duration.ofMillis(200);

  private OfflineReplay() {}

  /**
   * What is replayed.
   *
   * @param connection the Kafka cluster
   * @param vm the virtual machine
   * @param start where to begin
   * @param untilEpoch last epoch to apply; {@link Long#MAX_VALUE} for all
   */
  public record Span(ClusterConnection connection, VmId vm, LogStart start, long untilEpoch) {
    /** All of a run. */
    public static Span all(ClusterConnection connection, VmId vm) {
      return new Span(connection, vm, LogStart.BEGINNING, Long.MAX_VALUE);
    }
  }

  /**
   * What was verified.
   *
   * @param run the run
   * @param snapshot what the machine was made of before the first epoch; null if it was powered on
   * @param firstEpoch number of the first epoch
   * @param epochs epochs applied, each with its digests compared and its place in the chain checked
   * @param events events applied
   * @param lastEpoch number of the last one
   * @param term the term it was committed in
   * @param position deterministic exits executed since the run began
   * @param virtualNanos virtual time of the machine at the end
   * @param outputFrom console bytes that were produced before the first epoch
   * @param outputBytes console bytes produced since the run began
   * @param chain what the next epoch continues, with the hash behind the last one
   * @param digest the machine's state at the end
   * @param ended why the guest ended, or null if it had not
   */
  public record Report(
      UUID run,
      UUID snapshot,
      long firstEpoch,
      long epochs,
      long events,
      long lastEpoch,
      long term,
      long position,
      long virtualNanos,
      long outputFrom,
      long outputBytes,
      ChainState chain,
      StateDigest digest,
      String ended) {}

  /**
   * Replays.
   *
   * @param parts finds what the run's machine is made of on this host
   * @param output takes what the guest puts out
   * @param progress told after each epoch, with the machine at its end; the first epoch of a run
   *     ends before the guest's first instruction
   * @throws ReplayDivergenceException if an execution is not what the log says, or a snapshot is
   *     not the machine of its epoch
   * @throws io.understudy.log.LogException if the log is damaged or incomplete, or holds no epoch
   *     of the span
   */
  public static Report run(
      Kvm kvm,
      Span span,
      Function<RunStarted, MachineParts> parts,
      MachineOutput output,
      BiConsumer<Epoch, Machine> progress)
      throws InterruptedException {
    try (EpochReader source = span.start().open(span.connection(), span.vm())) {
      LogEnd end = source.end();
      StoredSnapshot snapshot = span.start().snapshot();
      Epoch first = snapshot == null ? first(source, end, span.vm()) : null;
      EventRecord header =
          snapshot == null
              ? first.events().get(0)
              : EventCodec.decode(snapshot.manifest().header());
      RunStarted started = (RunStarted) header.event();
      MachineConfig config = RunHeader.accept(kvm, started, parts.apply(started));
      ReplayProgress counted =
          new ReplayProgress(span.start().firstEpoch() - 1, snapshot == null ? 0 : snapshot.term());
      try (Machine machine =
          snapshot == null
              ? Machine.powerOn(kvm, config, output)
              : SnapshotCheck.restore(
                  kvm, config, output, span.connection(), snapshot, () -> false)) {
        long outputFrom = machine.outputOffset();
        Replayer.Follower follower =
            new Replayer.Follower() {
              @Override
              public boolean stopHere() {
                return counted.epoch() >= span.untilEpoch() || source.reached(end);
              }

              @Override
              public void applied(Epoch epoch, Machine at) {
                counted.applied(epoch);
                progress.accept(epoch, at);
              }
            };
        PeriodicKick kick = PeriodicKick.of(machine);
        try {
          MachineLoop.run(machine, new Replayer(source, follower, first));
        } finally {
          kick.close();
        }
        if (counted.digestsVerified() == 0) {
          throw new LogException(
              "the log holds no epoch to replay: vm="
                  + span.vm()
                  + " firstEpoch="
                  + span.start().firstEpoch());
        }
        return new Report(
            header.run(),
            snapshot == null ? null : snapshot.id(),
            span.start().firstEpoch(),
            counted.digestsVerified(),
            counted.events(),
            counted.epoch(),
            counted.term(),
            machine.position(),
            machine.virtualNanos(),
            outputFrom,
            machine.outputOffset(),
            source.position().chain(),
            machine.digest(),
            machine.ended().orElse(null));
      }
    }
  }

  private static Epoch first(EpochReader source, LogEnd end, VmId vm) {
    Epoch first = source.poll(POLL);
    while (first == null && !source.reached(end)) {
      first = source.poll(POLL);
    }
    if (first == null) {
      throw new LogException("the log holds no epoch yet: vm=" + vm);
    }
    return first;
  }
}
