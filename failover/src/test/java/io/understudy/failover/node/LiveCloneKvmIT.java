package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.capture.CaptureSettings;
import io.understudy.capture.HostClock;
import io.understudy.capture.LiveRun;
import io.understudy.capture.OutputGate;
import io.understudy.capture.snapshot.CloneSettings;
import io.understudy.capture.snapshot.SnapshotTaker;
import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.ChainState;
import io.understudy.log.Epoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.EpochSource;
import io.understudy.log.InMemoryEpochLog;
import io.understudy.log.InMemorySnapshotSink;
import io.understudy.log.LogEnd;
import io.understudy.log.LogException;
import io.understudy.log.StoredSnapshot;
import io.understudy.machine.GuestImages;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineLoop;
import io.understudy.machine.MachineSnapshot;
import io.understudy.machine.RunClock;
import io.understudy.machine.RunHeader;
import io.understudy.machine.StateDigest;
import io.understudy.replay.Replayer;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.VmId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A guest under traffic is copied while it runs, and the copies are replayed. */
@RequiresKvm
@Timeout(180)
class LiveCloneKvmIT {
  private static final int PARTITIONS = 3;
  private static final UUID RUN = new UUID(1, 2);
  private static final VmId VM = new VmId("vm");

  private final InMemoryEpochLog log = new InMemoryEpochLog(VM, PARTITIONS);
  private final InMemorySnapshotSink sink = new InMemorySnapshotSink();
  private final Kvm kvm = Kvm.open();

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  /** What a test does while the guest is under traffic. */
  private interface During {
    void run(SnapshotTaker taker) throws Exception;
  }

  /** Slow enough that the guest writes while it is copied; with a cut of many and of few pages. */
  @ParameterizedTest
  @CsvSource({"best,256", "best,4", "exit+transfer,64"})
  void everyCopyIsTheMachineAtItsEpoch_andGoesOnToTheSameEnd(String clock, int finalPages)
      throws Exception {
    MachineConfig config =
        config(clock.equals("best") ? RunClock.bestOf(kvm) : RunClock.parse(clock));
    CloneSettings cloning = new CloneSettings(16L << 20, finalPages, 8, 16_384);
    List<SnapshotPart.Completed> manifests = new ArrayList<>();

    capture(
        config,
        cloning,
        taker -> {
          for (int count = 0; count < 3; count++) {
            manifests.add(taker.take(new UUID(9, count), -1, sink).orElseThrow());
          }
          // Of a state that this leadership has seen, only the changes are sent.
          manifests.add(taker.take(new UUID(9, 3), manifests.get(2).epoch(), sink).orElseThrow());
        });

    assertThat(manifests).extracting(SnapshotPart.Completed::sinceEpoch).startsWith(-1L, -1L, -1L);
    assertThat(manifests.get(3).sinceEpoch()).isEqualTo(manifests.get(2).epoch());
    assertThat(manifests.get(3).pages()).isLessThan(manifests.get(2).pages());
    for (InMemorySnapshotSink.Taken taken : sink.taken()) {
      System.out.println(
          "LiveCloneKvmIT: clock="
              + config.clock()
              + " pages="
              + taken.manifest().pages()
              + " rounds="
              + taken.manifest().rounds()
              + " pauseMicros="
              + taken.manifest().pauseMicros());
      Map<Integer, byte[]> pages = new TreeMap<>();
      if (!taken.manifest().isComplete()) {
        pages.putAll(sink.taken().get(2).pages());
      }
      pages.putAll(taken.pages());
      restoreAndReplay(config, taken, pages);
    }
  }

  @Test
  void interruptedCopyLeavesNothing_andTheNextOneWorks() throws Exception {
    MachineConfig config = config(RunClock.bestOf(kvm));
    capture(
        config,
        CloneSettings.DEFAULT,
        taker -> {
          sink.failAtPiece(1);
          assertThatThrownBy(() -> taker.take(new UUID(9, 0), -1, sink))
              .isInstanceOf(LogException.class);
          assertThat(sink.taken()).isEmpty();
          assertThat(taker.take(new UUID(9, 1), -1, sink)).isPresent();
        });
    InMemorySnapshotSink.Taken taken = sink.taken().get(0);
    assertThat(taken.id()).isEqualTo(new UUID(9, 1));
    restoreAndReplay(config, taken, taken.pages());
  }

  private void restoreAndReplay(
      MachineConfig config, InMemorySnapshotSink.Taken taken, Map<Integer, byte[]> pages)
      throws InterruptedException {
    SnapshotPart.Completed manifest = taken.manifest();
    MachineSnapshot snapshot = MachineSnapshot.decode(taken.state());
    assertThat(snapshot.header().run()).isEqualTo(RUN);
    try (Machine machine =
            Machine.restore(
                kvm, config, value -> {}, snapshot.state(), into -> pages.forEach(into::page));
        EpochSource source =
            log.source(
                RUN, new StoredSnapshot(VM, RUN, 1, taken.id(), manifest, false).position())) {
      assertThat(machine.digest())
          .isEqualTo(
              new StateDigest(
                  manifest.registersDigest(), manifest.devicesDigest(), manifest.memoryDigest()));
      assertThat(machine.position()).isEqualTo(manifest.position());
      assertThat(snapshot.console().start() + snapshot.console().bytes().length)
          .isEqualTo(machine.outputOffset());
      LogEnd end = source.end();
      long[] epochs = new long[1];
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
                  epochs[0]++;
                }
              }));
      assertThat(epochs[0]).as("epochs replayed behind the snapshot").isPositive();
    }
  }

  private void capture(MachineConfig config, CloneSettings cloning, During during)
      throws Exception {
    Gate gate = new Gate();
    try (Machine machine = Machine.powerOn(kvm, config, gate::transmitted)) {
      EpochLog writer = log.fence().begin(RUN, 1, ChainState.genesis(), PARTITIONS);
      LiveRun run = new LiveRun(machine, writer, gate, CaptureSettings.DEFAULT, HostClock.SYSTEM);
      RunStarted header =
          RunHeader.describe(
              kvm, config, GuestImages.LEDGER, PARTITIONS, "stream", new TreeMap<>(), "node");
      Landmark at = machine.landmark();
      SnapshotTaker taker =
          run.enableSnapshots(
              new EventRecord(
                  VM.text(), RUN, 1, 0, 0, machine.position(), at.rip(), at.registers(), header),
              gate::held,
              cloning,
              "node");
      run.open(header);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread client = new Thread(() -> gate.traffic(run), "client");
      Thread copier =
          new Thread(
              () -> {
                try {
                  gate.await(20);
                  during.run(taker);
                  gate.await(gate.replies() + 20);
                } catch (Throwable thrown) {
                  failure.set(thrown);
                } finally {
                  run.stop("test is done");
                }
              },
              "copier");
      client.start();
      copier.start();
      run.run();
      copier.join();
      gate.stop("the test is done");
      client.join();
      assertThat(Optional.ofNullable(failure.get())).isEmpty();
    }
  }

  private static MachineConfig config(RunClock clock) {
    return new MachineConfig(
        GuestImages.find(GuestImages.LEDGER),
        32 << 20,
        "",
        System.currentTimeMillis(),
        0,
        clock,
        null,
        "",
        Attachments.UART);
  }

  /** Lets everything out when it is committed; sends one command after each reply. */
  private static final class Gate implements OutputGate {
    private final StringBuilder all = new StringBuilder();
    private int released;
    private int replies;
    private boolean stopped;

    synchronized void transmitted(byte value) {
      all.append((char) (value & 0xff));
    }

    synchronized MachineSnapshot.Held held() {
      return new MachineSnapshot.Held(
          released, all.substring(released).getBytes(StandardCharsets.ISO_8859_1));
    }

    void traffic(LiveRun run) {
      long offset = 0;
      for (int count = 0; await(count); count++) {
        byte[] command =
            ("SET key" + count + " " + "v".repeat(1 + count * 37 % 900) + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        if (run.offerInput(offset, command)) {
          offset += command.length;
        } else {
          return;
        }
      }
    }

    /** Whether so many replies have come; false when it has ended. */
    synchronized boolean await(int count) {
      while (replies < count && !stopped) {
        try {
          wait();
        } catch (InterruptedException interrupted) {
          throw new IllegalStateException(interrupted);
        }
      }
      return !stopped;
    }

    synchronized int replies() {
      return replies;
    }

    @Override
    public synchronized void committed(EpochDraft.Mark mark) {
      int end = (int) mark.outputOffset();
      replies += (int) all.substring(released, end).chars().filter(c -> c == '\n').count();
      released = end;
      notifyAll();
    }

    @Override
    public synchronized long releasedOffset() {
      return released;
    }

    @Override
    public synchronized void stop(String reason) {
      stopped = true;
      notifyAll();
    }
  }
}
