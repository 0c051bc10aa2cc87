package io.understudy.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.log.ChainState;
import io.understudy.log.CommittedEpoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.LogFencedException;
import io.understudy.schemas.GuestEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class EpochCommitterTest {
  private static final long LEASE_NANOS = CaptureSettings.DEFAULT.outputLease().toNanos();

  private final HandOver handOver = new HandOver();
  private final RecordingGate gate = new RecordingGate();
  private final CaptureStatistics statistics = new CaptureStatistics();
  private final ScriptedLog log = new ScriptedLog();
  private final List<String> kicks = new ArrayList<>();

  @Test
  void releasesOutputOnceItsEpochIsCommitted() {
    log.next(1_000_000);
    run(draft(7));

    assertThat(gate.calls).containsExactly("committed 3 7", "stop script ends");
    assertThat(statistics.committedEpochs()).isEqualTo(1);
    assertThat(statistics.heldCommits()).isZero();
  }

  @Test
  void holdsOutputBackWhenTheCommitTookLongerThanTheLease() {
    log.next(LEASE_NANOS + 1);
    run(draft(7));

    assertThat(gate.calls).containsExactly("stop script ends");
    assertThat(handOver.takeProofWanted()).isTrue();
    assertThat(statistics.heldCommits()).isEqualTo(1);
  }

  @Test
  void closesTheGateBeforeAnythingElseWhenFenced() {
    run(draft(7));

    assertThat(gate.calls).containsExactly("stop script ends");
    assertThat(handOver.stopped().kind()).isEqualTo(StopReason.Kind.FENCED);
    assertThat(kicks).containsExactly("kick");
  }

  /** Commits {@code draft} and then whatever the script makes of a second one: a fence. */
  private void run(EpochDraft draft) {
    handOver.submit(draft);
    log.afterFirst = () -> handOver.submit(draft);
    new EpochCommitter(
            log,
            handOver,
            gate,
            log.clock,
            statistics,
            CaptureSettings.DEFAULT,
            epoch -> {},
            () -> kicks.add("kick"))
        .run();
  }

  private static EpochDraft draft(long outputOffset) {
    return new EpochDraft(
        List.of(new EpochDraft.Entry(1, 2, 3, new GuestEvent.ClockAdvanced(4))),
        new EpochDraft.Mark(5, 6, 7, 8, 9, 10, 3, outputOffset, 0, 4, 0, 0));
  }

  /** Notes what it is told. */
  private static final class RecordingGate implements OutputGate {
    private final List<String> calls = new ArrayList<>();

    @Override
    public void committed(EpochDraft.Mark mark) {
      calls.add("committed " + mark.inputOffset() + " " + mark.outputOffset());
    }

    @Override
    public long releasedOffset() {
      return 0;
    }

    @Override
    public void stop(String reason) {
      calls.add("stop " + reason);
    }
  }

  /** Each commit takes the time it is told; without one left it is fenced. */
  private static final class ScriptedLog implements EpochLog {
    private final List<Long> durations = new ArrayList<>();
    private long now;
    private Runnable afterFirst = () -> {};
    private final HostClock clock =
        new HostClock() {
          @Override
          public long nanoTime() {
            return now;
          }

          @Override
          public long epochMillis() {
            return 0;
          }
        };

    void next(long nanos) {
      durations.add(nanos);
    }

    @Override
    public ChainState state() {
      return ChainState.genesis();
    }

    @Override
    public CommittedEpoch commit(EpochDraft draft) {
      if (durations.isEmpty()) {
        throw new LogFencedException("script ends");
      }
      now += durations.remove(0);
      afterFirst.run();
      return new CommittedEpoch(0, 1, ChainState.genesis(), 100, new TreeMap<>());
    }

    @Override
    public void close() {}
  }
}
