package io.understudy.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.EpochSource;
import io.understudy.log.InMemoryEpochLog;
import io.understudy.log.LogEnd;
import io.understudy.machine.GuestAssembler;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.RunClock;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests that read the clock, replayed from a log: the time moves in the middle of an exit. */
@RequiresKvm
@Timeout(60)
class ReplayerKvmIT {
  private static final int PM_TIMER = 0x608;
  private static final int QUESTIONS = 12;

  private final Kvm kvm = Kvm.open();
  private final MachineConfig config = config(clockReader());

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  /**
   * With an epoch at every position each time belongs to the epoch after the one that ran to it.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void answersFromTheTimeThatWasRecorded_whereverEpochsEnd(int positionsPerEpoch) throws Exception {
    InMemoryEpochLog log = LogRecorder.record(kvm, config, positionsPerEpoch);

    List<Long> timesAtMarks = new ArrayList<>();
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      replay(log, machine, timesAtMarks);

      assertThat(machine.ended()).isPresent();
      assertThat(machine.virtualNanos()).isEqualTo(QUESTIONS * 1_000_000L);
    }
    assertThat(timesAtMarks).isSorted();
  }

  @Test
  void diverges_whenTheTimeIsNotTheRecordedOne() throws Exception {
    InMemoryEpochLog log = LogRecorder.record(kvm, config, 4, 1_000);
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      assertThatThrownBy(() -> replay(log, machine, new ArrayList<>()))
          .isInstanceOf(ReplayDivergenceException.class)
          .hasMessageContaining("expected=")
          .hasMessageContaining("repeat with: understudy replay --vm vm");
    }
  }

  @Test
  void diverges_whenTheGuestDidNotAskForTheTimeThatTheLogHolds() {
    MachineConfig other = config(new GuestAssembler().in(0x61, 1).end());
    InMemoryEpochLog log = new InMemoryEpochLog(new VmId("vm"), 1);
    EpochLog writer = log.fence().begin(LogRecorder.RUN, 1, ChainState.genesis(), 1);
    try (Machine machine = Machine.powerOn(kvm, other, MachineOutput.NONE)) {
      Landmark at = machine.landmark();
      GuestEvent time = new GuestEvent.TimeRead(5);
      writer.commit(
          new EpochDraft(
              List.of(
                  new EpochDraft.Entry(0, at.rip(), at.registers(), started()),
                  new EpochDraft.Entry(0, at.rip(), at.registers(), time)),
              new EpochDraft.Mark(0, at.rip(), at.registers(), 0, 0, 0, 0, 0, 0, 5, 0, 0)));

      assertThatThrownBy(() -> replay(log, machine, new ArrayList<>()))
          .isInstanceOf(ReplayDivergenceException.class)
          .hasMessageContaining("event=TimeRead")
          .hasMessageContaining("nanos expected=5 actual=0");
    }
  }

  private GuestEvent.RunStarted started() {
    return new GuestEvent.RunStarted(
        1,
        config.memoryBytes(),
        "test",
        config.program().sha256(),
        "",
        "cpu",
        "exit",
        "stream",
        0,
        0,
        Machine.VERSION,
        Machine.VERSION,
        new java.util.TreeMap<>(),
        "node",
        Attachments.NONE);
  }

  private static void replay(InMemoryEpochLog log, Machine machine, List<Long> timesAtMarks)
      throws InterruptedException {
    try (EpochSource source = log.source(null, null)) {
      LogEnd end = source.end();
      MachineLoop.run(
          machine,
          new Replayer(
              source,
              new Replayer.Follower() {
                @Override
                public boolean stopHere() {
                  return source.reached(end);
                }

                @Override
                public void applied(Epoch epoch, Machine at) {
                  EventRecord mark = epoch.markRecord();
                  assertThat(at.position()).isEqualTo(mark.position());
                  timesAtMarks.add(at.virtualNanos());
                }
              }));
    }
  }

  private static MachineConfig config(GuestAssembler guest) {
    return new MachineConfig(
        guest.program("test"), 16 << 20, "", 0, 1, RunClock.EXIT, null, "", Attachments.VIRTIO);
  }

  /** Keeps every answer in memory, so that a wrong one shows in the digest. */
  private static GuestAssembler clockReader() {
    GuestAssembler guest = new GuestAssembler(new byte[4 * QUESTIONS]);
    for (int question = 0; question < QUESTIONS; question++) {
      guest.in(PM_TIMER, 4).store(GuestAssembler.DATA + 4 * question);
      if (question % 3 == 0) {
        guest.in(0x61, 1);
      }
    }
    return guest.end();
  }
}
