package io.understudy.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.understudy.kvm.HostProbe;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.machine.BurnTraffic.Naming;
import io.understudy.machine.RunClock.Counter;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A guest that computes takes its interrupts in the middle, and a replay takes them there too. */
@RequiresKvm
class ComputeKvmIT {
  private static final long MEMORY = 16 << 20;
  private static final long NOON = 1_800_000_000_000L;
  private static final RunClock COUNTING = new RunClock(false, Counter.INSTRUCTIONS, true);
  private static final RunClock TRANSFERRING = new RunClock(false, Counter.NONE, true);
  private static final RunClock STEPPING = new RunClock(false, Counter.STEPS, false);

  private Kvm kvm;

  @BeforeEach
  void openKvm() {
    kvm = Kvm.open();
  }

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void replaysEveryPlace_whenInstructionsAreCounted() throws Exception {
    assumeTrue(HostProbe.hasExactInstructionCount(kvm), "the host counts no instructions exactly");
    for (int seed = 1; seed <= 20; seed++) {
      assertThat(check(COUNTING, Naming.COUNT, seed).preemptions).isPositive();
    }
  }

  @Test
  void replaysEveryPlace_whenStateIsTransferred() throws Exception {
    for (int seed = 1; seed <= 10; seed++) {
      assertThat(check(TRANSFERRING, Naming.TRANSFER, seed).transfers).isPositive();
    }
  }

  @Test
  void replaysEveryPlace_whenOneRunHasBoth() throws Exception {
    assumeTrue(HostProbe.hasExactInstructionCount(kvm), "the host counts no instructions exactly");
    int counted = 0;
    int transferred = 0;
    for (int seed = 1; seed <= 10; seed++) {
      BurnTraffic traffic = check(COUNTING, Naming.BOTH, seed);
      counted += traffic.preemptions;
      transferred += traffic.transfers;
    }
    assertThat(counted).isPositive();
    assertThat(transferred).isPositive();
  }

  @Test
  void replaysEveryPlace_whenTheGuestIsStepped() throws Exception {
    assumeTrue(HostProbe.hasExactSteps(kvm), "the host does not step exactly");
    assertThat(check(STEPPING, Naming.COUNT, 1).preemptions).isPositive();
  }

  /** The state comes first at its position, so nothing has finished the guest's RDMSR before. */
  @Test
  void takesStateOver_whereTheLastAccessIsUnfinished() throws Exception {
    // mov ecx,0x10; rdmsr; mov ecx,200000; inc rbx; dec ecx; jnz back
    GuestProgram program =
        new GuestAssembler()
            .emit(0xb9, 0x10, 0x00, 0x00, 0x00, 0x0f, 0x32)
            .emit(0xb9, 0x40, 0x0d, 0x03, 0x00, 0x48, 0xff, 0xc3, 0xff, 0xc9, 0x75, 0xf9)
            .out(0x3f8, 1, '!')
            .end()
            .program("reader");
    MachineConfig config =
        new MachineConfig(program, MEMORY, "", NOON, 0, TRANSFERRING, null, "", Attachments.UART);
    Recording recording = new Recording();
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE);
        Kicker kicker = new Kicker(machine, 1)) {
      kicker.start();
      MachineLoop.run(machine, new OneTransfer(recording));
    }
    assertThat(recording.steps.get(0).event()).isInstanceOf(GuestEvent.StateTransferred.class);
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      MachineLoop.run(machine, recording.replayFrom(0));
      assertThat(machine.outputOffset()).isEqualTo(1);
    }
  }

  /** Transfers once, behind the first exit, and marks every position from the second on. */
  private record OneTransfer(Recording recording) implements Director {
    @Override
    public Turn atPosition(Machine machine) {
      if (machine.position() > 1 || machine.ended().isPresent()) {
        recording.mark(machine);
      }
      return machine.ended().isPresent() ? Turn.STOP : Turn.RUN;
    }

    @Override
    public Turn kicked(Machine machine) {
      if (machine.position() == 1 && recording.steps.isEmpty()) {
        machine.transfer().forEach(piece -> recording.record(machine, piece));
      }
      return Turn.RUN;
    }

    @Override
    public long timeAsked(Machine machine) {
      return machine.virtualNanos();
    }
  }

  @Test
  void noticesAPlaceThatIsOneInstructionOff() throws Exception {
    assumeTrue(HostProbe.hasExactInstructionCount(kvm), "the host counts no instructions exactly");
    Recording recording = new Recording();
    record(COUNTING, new BurnTraffic(recording, 3, Naming.COUNT), 3);
    for (int index = 0; ; index++) {
      Recording.Step step = recording.steps.get(index);
      if (step.event() instanceof GuestEvent.Preempted preempted) {
        recording.steps.set(
            index,
            new Recording.Step(
                step.position(),
                step.landmark(),
                new GuestEvent.Preempted(preempted.instructions() + 1),
                null));
        break;
      }
    }
    assertThatThrownBy(() -> replay(COUNTING, recording))
        .satisfiesAnyOf(
            wrong -> assertThat(wrong).hasMessageContaining("landmark differs"),
            wrong -> assertThat(wrong).isInstanceOf(MachineException.class));
  }

  /** Records, replays, and compares every step, every mark and the output. */
  private BurnTraffic check(RunClock clock, Naming naming, int seed) throws Exception {
    Recording recording = new Recording();
    BurnTraffic traffic = new BurnTraffic(recording, seed, naming);
    byte[] recorded = record(clock, traffic, seed);
    assertThat(new String(recorded, StandardCharsets.ISO_8859_1))
        .as("answers of INCR, BURN and RANDOM, seed %d", seed)
        .containsPattern("^(:\\d+\r\n){3}$");
    assertThat(replay(clock, recording)).as("seed %d", seed).isEqualTo(recorded);
    return traffic;
  }

  private byte[] record(RunClock clock, BurnTraffic traffic, int seed) throws Exception {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (Machine machine = Machine.powerOn(kvm, config(clock), output::write);
        Kicker kicker = new Kicker(machine, seed)) {
      kicker.start();
      MachineLoop.run(machine, traffic);
    }
    return output.toByteArray();
  }

  private byte[] replay(RunClock clock, Recording recording) throws Exception {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try (Machine machine = Machine.powerOn(kvm, config(clock), output::write);
        Kicker kicker = new Kicker(machine, 99)) {
      kicker.start();
      MachineLoop.run(machine, recording.replayFrom(0));
    }
    return output.toByteArray();
  }

  private static MachineConfig config(RunClock clock) {
    return new MachineConfig(
        GuestImages.find(GuestImages.LEDGER),
        MEMORY,
        "",
        NOON,
        0,
        clock,
        null,
        "",
        Attachments.UART);
  }
}
