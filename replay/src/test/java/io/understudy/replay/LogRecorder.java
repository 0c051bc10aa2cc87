package io.understudy.replay;

import io.understudy.kvm.Kvm;
import io.understudy.log.ChainState;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.InMemoryEpochLog;
import io.understudy.machine.Director;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.RunHeader;
import io.understudy.machine.StateDigest;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Records a run of a guest that needs nothing but the time into a log in memory: at each question a
 * later time, an epoch every few positions.
 */
final class LogRecorder implements Director {
  static final int PARTITIONS = 2;
  static final UUID RUN = new UUID(1, 2);

  private static final long NANOS_BETWEEN_QUESTIONS = 1_000_000;

  private final EpochLog log;
  private final int positionsPerEpoch;
  private final long timeError;
  private List<EpochDraft.Entry> entries = new ArrayList<>();
  private long timeRead = -1;

  private LogRecorder(EpochLog log, int positionsPerEpoch, long timeError) {
    this.log = log;
    this.positionsPerEpoch = positionsPerEpoch;
    this.timeError = timeError;
  }

  /** The log of a whole run, to the end of its guest. */
  static InMemoryEpochLog record(Kvm kvm, MachineConfig config, int positionsPerEpoch)
      throws InterruptedException {
    return record(kvm, config, positionsPerEpoch, 0);
  }

  /**
   * The same, of a recorder with a fault.
   *
   * @param timeError by how many nanoseconds what is recorded of the time is wrong
   */
  static InMemoryEpochLog record(
      Kvm kvm, MachineConfig config, int positionsPerEpoch, long timeError)
      throws InterruptedException {
    InMemoryEpochLog log = new InMemoryEpochLog(new VmId("vm"), PARTITIONS);
    EpochLog writer = log.fence().begin(RUN, 1, ChainState.genesis(), PARTITIONS);
    LogRecorder recorder = new LogRecorder(writer, positionsPerEpoch, timeError);
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      recorder.note(
          machine,
          RunHeader.describe(kvm, config, "test", PARTITIONS, "stream", new TreeMap<>(), "node"));
      recorder.commit(machine);
      MachineLoop.run(machine, recorder);
    }
    return log;
  }

  private void note(Machine machine, GuestEvent event) {
    Landmark at = machine.landmark();
    entries.add(new EpochDraft.Entry(machine.position(), at.rip(), at.registers(), event));
  }

  private void commit(Machine machine) {
    StateDigest digest = machine.digest();
    Landmark at = machine.landmark();
    log.commit(
        new EpochDraft(
            entries,
            new EpochDraft.Mark(
                machine.position(),
                at.rip(),
                at.registers(),
                digest.registers(),
                digest.devices(),
                digest.memory(),
                machine.inputOffset(),
                machine.outputOffset(),
                0,
                machine.virtualNanos(),
                machine.framesSent(),
                0)));
    entries = new ArrayList<>();
  }

  @Override
  public Turn atPosition(Machine machine) {
    if (timeRead >= 0) {
      note(machine, new GuestEvent.TimeRead(timeRead + timeError));
      timeRead = -1;
    }
    if (machine.ended().isPresent()) {
      note(machine, new GuestEvent.RunEnded(machine.ended().orElseThrow()));
      commit(machine);
      return Turn.STOP;
    }
    if (machine.position() > 0 && machine.position() % positionsPerEpoch == 0) {
      commit(machine);
    }
    return Turn.RUN;
  }

  @Override
  public long timeAsked(Machine machine) {
    timeRead = machine.virtualNanos() + NANOS_BETWEEN_QUESTIONS;
    return timeRead;
  }

  @Override
  public Turn kicked(Machine machine) {
    return Turn.RUN;
  }
}
