package io.understudy.replay;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.EpochReader;
import io.understudy.log.LogEnd;
import io.understudy.log.LogException;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.MachineParts;
import io.understudy.machine.RunHeader;
import io.understudy.machine.StateDigest;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Replays a run from its beginning as far as it is in the log now, verifying every epoch; for
 * audit.
 */
public final class OfflineReplay {
  private static final Duration POLL = Duration.ofMillis(200);

  private OfflineReplay() {}

  /**
   * What was verified.
   *
   * @param run the run
   * @param epochs epochs applied, each with its digests compared and its place in the chain checked
   * @param events events applied
   * @param lastEpoch number of the last one
   * @param term the term it was committed in
   * @param position deterministic exits executed
   * @param virtualNanos virtual time of the machine at the end
   * @param outputBytes console bytes produced
   * @param digest the machine's state at the end
   * @param ended why the guest ended, or null if it had not
   */
  public record Report(
      UUID run,
      long epochs,
      long events,
      long lastEpoch,
      long term,
      long position,
      long virtualNanos,
      long outputBytes,
      StateDigest digest,
      String ended) {}

  /**
   * Replays.
   *
   * @param untilEpoch last epoch to apply; {@link Long#MAX_VALUE} for all
   * @param parts finds what the run's machine is made of on this host
   * @param output takes what the guest puts out
   * @param progress told after each epoch, with the machine at its end; the first epoch ends before
   *     the guest's first instruction
   * @throws ReplayDivergenceException if an execution is not what the log says
   * @throws io.understudy.log.LogException if the log is damaged or incomplete
   */
  public static Report run(
      Kvm kvm,
      ClusterConnection connection,
      VmId vm,
      Function<RunStarted, MachineParts> parts,
      long untilEpoch,
      MachineOutput output,
      BiConsumer<Epoch, Machine> progress)
      throws InterruptedException {
    try (EpochReader source = EpochReader.fromStart(connection, vm)) {
      LogEnd end = source.end();
      Epoch first = source.poll(POLL);
      while (first == null && !source.reached(end)) {
        first = source.poll(POLL);
      }
      if (first == null) {
        throw new LogException("the log holds no epoch yet: vm=" + vm);
      }
      EventRecord header = first.events().get(0);
      RunStarted started = (RunStarted) header.event();
      MachineConfig config = RunHeader.accept(kvm, started, parts.apply(started));
      ReplayProgress counted = new ReplayProgress(-1, 0);
      try (Machine machine = Machine.powerOn(kvm, config, output)) {
        Replayer.Follower follower =
            new Replayer.Follower() {
              @Override
              public boolean stopHere() {
                return counted.epoch() >= untilEpoch || source.reached(end);
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
        return new Report(
            header.run(),
            counted.digestsVerified(),
            counted.events(),
            counted.epoch(),
            counted.term(),
            machine.position(),
            machine.virtualNanos(),
            machine.outputOffset(),
            machine.digest(),
            machine.ended().orElse(null));
      }
    }
  }
}
