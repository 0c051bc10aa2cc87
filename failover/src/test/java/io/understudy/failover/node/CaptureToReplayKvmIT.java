package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.understudy.capture.CaptureSettings;
import io.understudy.capture.CaptureStatistics;
import io.understudy.capture.HostClock;
import io.understudy.capture.LiveRun;
import io.understudy.capture.OutputGate;
import io.understudy.capture.StopReason;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.EpochSource;
import io.understudy.log.InMemoryEpochLog;
import io.understudy.log.LogEnd;
import io.understudy.log.LogPosition;
import io.understudy.machine.GuestImages;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.RunClock;
import io.understudy.machine.RunHeader;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.replay.Replayer;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The live loop on one side, the log in between, the replay on the other; on the real device. */
@RequiresKvm
@Timeout(60)
class CaptureToReplayKvmIT {
  private static final int PARTITIONS = 3;
  private static final int COMMANDS = 40;
  private static final UUID RUN = new UUID(1, 2);
  private static final RunClock TRANSFERS = RunClock.parse("exit+transfer");

  private final InMemoryEpochLog log = new InMemoryEpochLog(new VmId("vm"), PARTITIONS);
  private final Kvm kvm = Kvm.open();
  private final MachineConfig config =
      new MachineConfig(
          GuestImages.find(GuestImages.LEDGER), 16 << 20, "", System.currentTimeMillis());

  @Test
  void replaysWhatWasCapturedAndReleasesOnlyWhatIsCommitted() throws Exception {
    Gate gate = capture();

    assertThat(gate.output.toString(StandardCharsets.ISO_8859_1)).contains(":" + COMMANDS + "\r\n");
    ByteArrayOutputStream replayed = new ByteArrayOutputStream();
    try (Machine machine = Machine.powerOn(kvm, config, replayed::write);
        EpochSource source = log.source(null, null)) {
      LogEnd end = source.end();
      MachineLoop.run(machine, new Replayer(source, until(source, end)));
      assertThat(machine.outputOffset()).isGreaterThanOrEqualTo(gate.committedOutput.get());
    }
    byte[] released = gate.output.toByteArray();
    assertThat(replayed.toByteArray()).startsWith(released);
  }

  /** By count where the host counts, by transfer on every host. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void interruptsAGuestThatComputes_andReplaysIt(boolean transferred) throws Exception {
    RunClock clock = transferred ? TRANSFERS : RunClock.bestOf(kvm);
    MachineConfig computing = config(clock);
    Gate gate = new Gate();

    CaptureStatistics statistics = capture(computing, gate, CaptureToReplayKvmIT::burn);

    assertThat(clock.counts() ? statistics.preemptions() : statistics.transfers())
        .as("a tick every 10 ms of 100")
        .isGreaterThan(5);
    ByteArrayOutputStream replayed = new ByteArrayOutputStream();
    try (Machine machine = Machine.powerOn(kvm, computing, replayed::write);
        EpochSource source = log.source(null, null)) {
      MachineLoop.run(machine, new Replayer(source, until(source, source.end())));
    }
    assertThat(replayed.toByteArray()).startsWith(gate.output.toByteArray());
  }

  /** A guest that is held back and stopped while it computes gives the same recording's replay. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void replaysAGuestThatWasSlowedAndStopped(boolean transferred) throws Exception {
    RunClock clock = transferred ? TRANSFERS : RunClock.bestOf(kvm);
    MachineConfig computing = config(clock);
    Gate gate = new Gate();

    capture(
        computing,
        gate,
        (run, at) -> {
          run.pace().hold(700);
          Thread stopping = new Thread(() -> stopAndGo(run), "pace");
          stopping.start();
          burn(run, at);
          stopping.interrupt();
        });

    ByteArrayOutputStream replayed = new ByteArrayOutputStream();
    try (Machine machine = Machine.powerOn(kvm, computing, replayed::write);
        EpochSource source = log.source(null, null)) {
      MachineLoop.run(machine, new Replayer(source, until(source, source.end())));
    }
    assertThat(replayed.toByteArray()).startsWith(gate.output.toByteArray());
  }

  private static void stopAndGo(LiveRun run) {
    try {
      while (true) {
        Thread.sleep(30);
        run.pace().hold(1_000);
        Thread.sleep(50);
        run.pace().hold(700);
      }
    } catch (InterruptedException done) {
      run.pace().hold(0);
    }
  }

  @Test
  void findsAPlaceThatIsRecordedOneInstructionOff() throws Exception {
    RunClock clock = RunClock.bestOf(kvm);
    assumeTrue(clock.counts(), "the host counts no instructions exactly");
    MachineConfig computing = config(clock);
    capture(computing, new Gate(), CaptureToReplayKvmIT::burn);
    try (Machine machine = Machine.powerOn(kvm, computing, value -> {});
        EpochSource source = new OneOff(log.source(null, null))) {
      assertThatThrownBy(
              () -> MachineLoop.run(machine, new Replayer(source, until(source, source.end()))))
          .isInstanceOf(ReplayDivergenceException.class)
          .hasMessageContaining("event=Preempted: ");
    }
  }

  @Test
  void reportsTheFirstEpochWhoseDigestDiffers() throws Exception {
    capture();
    try (Machine machine = Machine.powerOn(kvm, config, value -> {});
        EpochSource source = log.source(null, null)) {
      Replayer.Follower corrupting =
          new Replayer.Follower() {
            @Override
            public boolean stopHere() {
              return false;
            }

            @Override
            public void applied(Epoch epoch, Machine at) {
              if (epoch.number() == 3) {
                at.apply(new GuestEvent.ConsoleInput(new byte[] {' '}));
              }
            }
          };
      assertThatThrownBy(() -> MachineLoop.run(machine, new Replayer(source, corrupting)))
          .isInstanceOf(ReplayDivergenceException.class)
          .hasMessageContaining(" epoch=4 ")
          .hasMessageContaining("repeat with: understudy replay --vm vm");
    }
  }

  private Gate capture() throws Exception {
    Gate gate = new Gate();
    capture(config, gate, CaptureToReplayKvmIT::send);
    return gate;
  }

  private CaptureStatistics capture(
      MachineConfig config, Gate gate, BiConsumer<LiveRun, Gate> traffic) throws Exception {
    try (Machine machine = Machine.powerOn(kvm, config, gate::transmitted)) {
      EpochLog writer = log.fence().begin(RUN, 1, ChainState.genesis(), PARTITIONS);
      LiveRun run = new LiveRun(machine, writer, gate, CaptureSettings.DEFAULT, HostClock.SYSTEM);
      run.open(
          RunHeader.describe(
              kvm, config, GuestImages.LEDGER, PARTITIONS, "stream", new TreeMap<>(), "node"));
      Thread client = new Thread(() -> traffic.accept(run, gate), "client");
      client.start();
      StopReason reason = run.run();
      client.join();
      assertThat(reason.kind()).isEqualTo(StopReason.Kind.REQUESTED);
      assertThat(gate.isStopped.get()).isTrue();
      return run.statistics();
    }
  }

  /** A guest that computes for a tenth of a second and then says something known. */
  private static void burn(LiveRun run, Gate gate) {
    byte[] commands = "BURN 100\r\nECHO burnt\r\n".getBytes(StandardCharsets.US_ASCII);
    try {
      if (!run.offerInput(0, commands)) {
        throw new IllegalStateException("input refused");
      }
      gate.await("burnt\r\n");
    } finally {
      run.stop("test is done");
    }
  }

  private static MachineConfig config(RunClock clock) {
    return new MachineConfig(
        GuestImages.find(GuestImages.LEDGER),
        16 << 20,
        "",
        System.currentTimeMillis(),
        0,
        clock,
        null,
        "",
        Attachments.UART);
  }

  /** A log in which every place is one instruction further. */
  private record OneOff(EpochSource source) implements EpochSource {
    @Override
    public Epoch poll(Duration timeout) {
      Epoch epoch = source.poll(timeout);
      return epoch == null
          ? null
          : new Epoch(
              epoch.number(),
              epoch.term(),
              epoch.events().stream().map(OneOff::shifted).toList(),
              epoch.markRecord(),
              epoch.mark(),
              epoch.committedAtMillis(),
              epoch.next());
    }

    @Override
    public LogPosition position() {
      return source.position();
    }

    @Override
    public LogEnd end() {
      return source.end();
    }

    @Override
    public boolean reached(LogEnd end) {
      return source.reached(end);
    }

    @Override
    public void close() {
      source.close();
    }

    private static EventRecord shifted(EventRecord record) {
      return record.event() instanceof GuestEvent.Preempted preempted
          ? new EventRecord(
              record.vm(),
              record.run(),
              record.term(),
              record.epoch(),
              record.sequence(),
              record.position(),
              record.rip(),
              record.registers(),
              new GuestEvent.Preempted(preempted.instructions() + 1))
          : record;
    }
  }

  /** One INCR after the other, each when the reply to the last has come out. */
  private static void send(LiveRun run, Gate gate) {
    byte[] command = "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n".getBytes(StandardCharsets.US_ASCII);
    try {
      for (int count = 1; count <= COMMANDS; count++) {
        if (!run.offerInput((long) (count - 1) * command.length, command)) {
          throw new IllegalStateException("input refused");
        }
        gate.await(":" + count + "\r\n");
      }
    } finally {
      run.stop("test is done");
    }
  }

  private static Replayer.Follower until(EpochSource source, LogEnd end) {
    return new Replayer.Follower() {
      @Override
      public boolean stopHere() {
        return source.reached(end);
      }

      @Override
      public void applied(Epoch epoch, Machine machine) {
        assertThat(machine.position()).isEqualTo(epoch.markRecord().position());
      }
    };
  }

  /** Collects what leaves. */
  private static final class Gate implements OutputGate {
    private static final long WAIT_MS = 20_000;

    private final ByteArrayOutputStream held = new ByteArrayOutputStream();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final AtomicLong committedOutput = new AtomicLong();
    private final AtomicBoolean isStopped = new AtomicBoolean();

    synchronized void transmitted(byte value) {
      held.write(value);
    }

    @Override
    public synchronized void committed(EpochDraft.Mark mark) {
      assertThat(isStopped).isFalse();
      long outputOffset = mark.outputOffset();
      byte[] all = held.toByteArray();
      output.write(all, output.size(), (int) outputOffset - output.size());
      committedOutput.set(outputOffset);
      notifyAll();
    }

    synchronized void await(String text) {
      long deadline = System.nanoTime() + WAIT_MS * 1_000_000;
      try {
        while (!output.toString(StandardCharsets.ISO_8859_1).contains(text)) {
          long left = (deadline - System.nanoTime()) / 1_000_000;
          if (left <= 0) {
            throw new AssertionError("no reply " + text + " in: " + output);
          }
          wait(left);
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        throw new AssertionError(interrupted);
      }
    }

    @Override
    public long releasedOffset() {
      return committedOutput.get();
    }

    @Override
    public void stop(String reason) {
      isStopped.set(true);
    }
  }
}
