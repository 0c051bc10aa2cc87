package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.kvm.Kvm;
import io.understudy.kvm.RequiresKvm;
import io.understudy.log.ChainState;
import io.understudy.log.CommittedEpoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.InMemoryEpochLog;
import io.understudy.machine.GuestAssembler;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.RunHeader;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A leadership from its first commit to the end of its guest. */
@RequiresKvm
@Timeout(60)
class LiveRunKvmIT {
  private static final long LEASE_NANOS = CaptureSettings.DEFAULT.outputLease().toNanos();

  private final Kvm kvm = Kvm.open();
  private final SteppedClock clock = new SteppedClock();
  private final SlowLog log = new SlowLog();
  private final NotingGate gate = new NotingGate();

  @AfterEach
  void closeKvm() {
    kvm.close();
  }

  @Test
  void letsTheGuestsLastWordsLeave_beforeTheGateCloses() throws Exception {
    assertThat(run().kind()).isEqualTo(StopReason.Kind.GUEST_ENDED);

    int last = gate.calls.size() - 1;
    assertThat(gate.calls.get(last)).startsWith("stop ");
    assertThat(gate.calls.get(last - 1)).isEqualTo("finish guest halted with interrupts disabled");
    assertThat(gate.calls.subList(0, last - 1))
        .isNotEmpty()
        .allMatch(call -> call.startsWith("committed "));
    assertThat(gate.calls.get(last - 2)).as("output of the last commit").endsWith(" output=1");
  }

  @Test
  void letsOutLeaveWhatTheLogHolds_onTheProofOfItsFirstCommit() throws Exception {
    run();

    assertThat(gate.calls.get(0)).isEqualTo("committed commits=1 output=0");
  }

  @Test
  void waitsForAFurtherCommit_whenTheFirstOneProvesNothing() throws Exception {
    log.firstTakesNanos = LEASE_NANOS + 1;

    run();

    assertThat(gate.calls.get(0)).startsWith("committed commits=2 ");
  }

  @Test
  void standsStillWithEverythingCommitted_untilItMayGoOn() throws Exception {
    List<String> changes = new ArrayList<>();
    prepare =
        run -> {
          run.pause();
          run.onStill(
              still -> {
                changes.add("still=" + still + " said=" + hasSpoken());
                run.resume();
              });
        };

    assertThat(run().kind()).isEqualTo(StopReason.Kind.GUEST_ENDED);

    assertThat(changes).containsExactly("still=true said=false", "still=false said=false");
  }

  @Test
  void endsWithoutAnotherStep_whenTheRunIsToEnd() throws Exception {
    String reason = GuestEvent.RunEnded.ORDERED + "me: enough";
    prepare = run -> run.endRun(reason);

    assertThat(run()).isEqualTo(new StopReason(StopReason.Kind.GUEST_ENDED, reason));

    assertThat(log.last.entries().get(log.last.entries().size() - 1).event())
        .isEqualTo(new GuestEvent.RunEnded(reason));
    assertThat(log.last.mark().outputOffset()).isZero();
    assertThat(gate.calls.get(gate.calls.size() - 2)).isEqualTo("finish " + reason);
  }

  private boolean hasSpoken() {
    return gate.calls.stream().anyMatch(call -> call.endsWith(" output=1"));
  }

  /** A guest that says one thing and ends. */
  private StopReason run() throws InterruptedException {
    MachineConfig config =
        new MachineConfig(
            new GuestAssembler().out(0x3F8, 1, '!').end().program("test"), 16 << 20, "", 0);
    try (Machine machine = Machine.powerOn(kvm, config, MachineOutput.NONE)) {
      LiveRun run = new LiveRun(machine, log, gate, CaptureSettings.DEFAULT, clock);
      run.open(RunHeader.describe(kvm, config, "test", 1, "stream", new TreeMap<>(), "node"));
      prepare.accept(run);
      return run.run();
    }
  }

  /** What is done to a leadership before it runs. */
  private Consumer<LiveRun> prepare = run -> {};

  /** A log whose first commit takes as long as it is told. */
  private final class SlowLog implements EpochLog {
    private final EpochLog log =
        new InMemoryEpochLog(new VmId("vm"), 1)
            .fence()
            .begin(new UUID(1, 2), 1, ChainState.genesis(), 1);
    private long firstTakesNanos;
    private volatile int commits;
    private volatile EpochDraft last;

    @Override
    public ChainState state() {
      return log.state();
    }

    @Override
    public synchronized CommittedEpoch commit(EpochDraft draft) {
      CommittedEpoch committed = log.commit(draft);
      if (!draft.entries().isEmpty()) {
        last = draft;
      }
      if (commits == 0) {
        clock.advance(firstTakesNanos);
      }
      commits = commits + 1;
      return committed;
    }

    @Override
    public void close() {}
  }

  /** Notes what it is told, in order. */
  private final class NotingGate implements OutputGate {
    private final List<String> calls = new CopyOnWriteArrayList<>();

    @Override
    public void committed(EpochDraft.Mark mark) {
      calls.add("committed commits=" + log.commits + " output=" + mark.outputOffset());
    }

    @Override
    public long releasedOffset() {
      return 0;
    }

    @Override
    public void finish(String reason) {
      calls.add("finish " + reason);
    }

    @Override
    public void stop(String reason) {
      calls.add("stop " + reason);
    }
  }
}
