package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.EpochDraft;
import io.understudy.machine.Director;
import io.understudy.machine.GuestAssembler;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.RunClock;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.GuestEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is recorded of guests that read the clock, receive frames and end. */
@RequiresKvm
@Timeout(60)
class RecorderKvmIT {
  private static final int PM_TIMER = 0x608;
  private static final int NET_SLOT = 1;
  private static final int NET_WINDOW = 0xC000 + NET_SLOT * 64;
  private static final int RECEIVE_PAGE = GuestAssembler.DATA / 4096;
  private static final long RESOLUTION_NANOS = 1_000;
  private static final CaptureSettings SETTINGS =
      new CaptureSettings(
          Duration.ofMillis(50),
          Duration.ofMillis(2),
          1_000,
          10_000,
          Duration.ofNanos(RESOLUTION_NANOS),
          Duration.ofMillis(500),
          Duration.ofMillis(10),
          1 << 20,
          1);

  private final Kvm kvm = Kvm.open();
  private final SteppedClock clock = new SteppedClock();
  private final HandOver handOver = new HandOver();
  private final OpenGate gate = new OpenGate();
  private final Pace pace = new Pace();

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void recordsTheTimeOnlyWhenTheGuestWouldSeeOneThatIsTooOld() throws Exception {
    GuestAssembler guest = new GuestAssembler();
    guest.in(PM_TIMER, 4).in(PM_TIMER, 4).in(PM_TIMER, 4).in(0x61, 1).end();
    try (Machine machine = machine(guest)) {
      Recorder recorder = recorder(machine);

      clock.advance(RESOLUTION_NANOS - 1);
      step(machine, recorder);
      assertThat(machine.virtualNanos()).as("young enough").isZero();
      clock.advance(1);
      step(machine, recorder);
      clock.advance(RESOLUTION_NANOS);
      step(machine, recorder);
      clock.advance(RESOLUTION_NANOS);
      step(machine, recorder);

      List<EpochDraft.Entry> entries = closeEpoch(machine, recorder);
      assertThat(entries)
          .extracting(EpochDraft.Entry::event)
          .containsExactly(
              new GuestEvent.TimeRead(RESOLUTION_NANOS),
              new GuestEvent.TimeRead(2 * RESOLUTION_NANOS));
      assertThat(entries).extracting(EpochDraft.Entry::position).containsExactly(2L, 3L);
    }
  }

  @Test
  void guestStandsStillButItsInputIsRecorded_whileItIsHeld() throws Exception {
    try (Machine machine = machine(frameGuest())) {
      Recorder recorder = recorder(machine);
      pace.hold(Pace.ALWAYS);
      handOver.offerInput(0, new byte[] {'x'});
      Thread release =
          new Thread(
              () -> {
                // Input that the guest has got is not waiting any more.
                while (handOver.waitingInputBytes() > 0) {
                  Thread.onSpinWait();
                }
                pace.hold(0);
              });
      release.start();

      assertThat(recorder.atPosition(machine)).isEqualTo(Director.Turn.RUN);

      release.join();
      assertThat(machine.inputOffset()).isEqualTo(1);
      assertThat(pace.heldPermille()).as("it came back only when it was released").isZero();
    }
  }

  @Test
  void recordsFramesWithTheMomentTheyCame_onceTheGuestHasABuffer() throws Exception {
    try (Machine machine = machine(frameGuest())) {
      Recorder recorder = recorder(machine);
      handOver.offerFrame(frame(1));
      clock.advance(5_000);
      while (!machine.canReceiveFrame()) {
        step(machine, recorder);
      }
      clock.advance(1_000);
      handOver.offerFrame(frame(2));
      recorder.atPosition(machine);

      assertThat(closeEpoch(machine, recorder))
          .extracting(EpochDraft.Entry::event)
          .containsExactly(
              new GuestEvent.ClockAdvanced(5_000),
              new GuestEvent.FrameReceived(frame(1)),
              new GuestEvent.ClockAdvanced(6_000),
              new GuestEvent.FrameReceived(frame(2)));
    }
  }

  @Test
  void letsNoFrameIn_thatWouldFindNoBuffer() throws Exception {
    try (Machine machine = machine(frameGuest())) {
      Recorder recorder = recorder(machine);
      while (!machine.canReceiveFrame()) {
        step(machine, recorder);
      }
      for (int number = 0; number < 5; number++) {
        handOver.offerFrame(frame(number));
      }
      recorder.atPosition(machine);

      assertThat(machine.canReceiveFrame()).as("both buffers are used").isFalse();
      assertThat(handOver.pollFrame()).isEqualTo(frame(2));
    }
  }

  @Test
  void endsOnlyWhenTheProofThatReleasesTheLastOutputIsCommitted() throws Exception {
    try (Machine machine = machine(new GuestAssembler().out(0x3F8, 1, '!').end())) {
      Recorder recorder = recorder(machine);
      Thread committer = new Thread(this::commitTheFirstTooSlowly, "committer");
      committer.start();
      MachineLoop.run(machine, recorder);
      committer.join();
    }
    assertThat(handOver.stopped().kind()).isEqualTo(StopReason.Kind.GUEST_ENDED);
    assertThat(gate.committed).as("the second commit opened the gate").hasValue(1);
  }

  /** As the real one does: after a commit that took too long, a further one is wanted. */
  private void commitTheFirstTooSlowly() {
    try {
      int commits = 0;
      for (EpochDraft draft = handOver.takeDraft(); draft != null; draft = handOver.takeDraft()) {
        if (commits++ == 0) {
          handOver.wantProof();
        } else {
          gate.committed(draft.mark());
        }
        handOver.committed();
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What has been recorded so far. */
  private List<EpochDraft.Entry> closeEpoch(Machine machine, Recorder recorder)
      throws InterruptedException {
    handOver.wantProof();
    recorder.atPosition(machine);
    return handOver.takeDraft().entries();
  }

  private static byte[] frame(int number) {
    byte[] frame = new byte[60];
    frame[59] = (byte) number;
    return frame;
  }

  /** Offers two receive buffers and reads a port for ever. */
  private static GuestAssembler frameGuest() {
    // 256 descriptors of 16 bytes, then the available ring: flags, index 2, entries 0 and 1.
    byte[] queue = new byte[4096 * 3 + 2 * 2048];
    for (int index = 0; index < 2; index++) {
      int buffer = GuestAssembler.DATA + 4096 * 3 + index * 2048;
      int at = index * 16;
      putShorts(queue, at, buffer & 0xFFFF, buffer >>> 16);
      putShorts(queue, at + 8, 2048, 0, 2);
      putShorts(queue, 4096 + 4 + 2 * index, index);
    }
    putShorts(queue, 4096 + 2, 2);
    GuestAssembler guest = new GuestAssembler(queue);
    guest.out(0xCF8, 4, 0x8000_0000 | NET_SLOT << 11 | 4).out(0xCFC, 2, 5);
    guest.out(NET_WINDOW + 14, 2, 0).out(NET_WINDOW + 8, 4, RECEIVE_PAGE);
    guest.out(NET_WINDOW + 18, 1, 7);
    int loop = guest.here();
    return guest.in(0x61, 1).jumpTo(loop);
  }

  private static void putShorts(byte[] target, int at, int... values) {
    for (int index = 0; index < values.length; index++) {
      target[at + 2 * index] = (byte) values[index];
      target[at + 2 * index + 1] = (byte) (values[index] >>> 8);
    }
  }

  private Machine machine(GuestAssembler guest) {
    MachineConfig config =
        new MachineConfig(
            guest.program("test"),
            16 << 20,
            "",
            0,
            1,
            RunClock.EXIT,
            null,
            "52:54:00:00:00:01",
            Attachments.UART);
    return Machine.powerOn(kvm, config, MachineOutput.NONE);
  }

  private Recorder recorder(Machine machine) {
    return new Recorder(
        SETTINGS,
        clock,
        new GuestClock(clock, 0, 0, 1),
        handOver,
        gate,
        new CaptureStatistics(),
        new ComputeWatch(SETTINGS.interruptDelay(), machine::kick),
        mark -> {},
        pace,
        machine);
  }

  private static void step(Machine machine, Recorder recorder) throws InterruptedException {
    while (!machine.advance(recorder)) {
      // Kicked: goes on.
    }
    recorder.atPosition(machine);
  }

  /** Takes everything. */
  private static final class OpenGate implements OutputGate {
    private final AtomicInteger committed = new AtomicInteger();

    @Override
    public void committed(EpochDraft.Mark mark) {
      committed.incrementAndGet();
    }

    @Override
    public long releasedOffset() {
      return committed.get();
    }

    @Override
    public void stop(String reason) {}
  }
}
