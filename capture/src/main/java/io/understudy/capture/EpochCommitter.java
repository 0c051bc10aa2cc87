package io.understudy.capture;

import io.understudy.log.CommittedEpoch;
import io.understudy.log.CrashPoint;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.LogFencedException;
import io.understudy.log.LogTimeoutException;
import io.understudy.schemas.GuestEvent.RunEnded;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Commits closed epochs, one after the other, and opens the gate for their output.
 *
 * <p><b>Lease.</b> A commit's success tells that this process led when the broker took the commit,
 * not when the answer was read: a process that was stopped in between may have a successor by then.
 * So output leaves only on a commit that took less than the lease; after a longer one it waits for
 * the next commit, which a fenced process cannot make.
 *
 * <p>Owned by the committer thread.
 */
public final class EpochCommitter implements Runnable {
  private final EpochLog log;
  private final HandOver handOver;
  private final OutputGate gate;
  private final HostClock clock;
  private final CaptureStatistics statistics;
  private final long leaseNanos;
  private final Consumer<CommittedEpoch> onCommitted;
  private final Runnable onStopped;

  EpochCommitter(
      EpochLog log,
      HandOver handOver,
      OutputGate gate,
      HostClock clock,
      CaptureStatistics statistics,
      CaptureSettings settings,
      Consumer<CommittedEpoch> onCommitted,
      Runnable onStopped) {
    this.log = log;
    this.handOver = handOver;
    this.gate = gate;
    this.clock = clock;
    this.statistics = statistics;
    this.leaseNanos = settings.outputLease().toNanos();
    this.onCommitted = onCommitted;
    this.onStopped = onStopped;
  }

  @Override
  public void run() {
    try {
      EpochDraft draft = handOver.takeDraft();
      while (draft != null) {
        commit(draft);
        draft = handOver.takeDraft();
      }
    } catch (LogTimeoutException timeout) {
      stop(StopReason.Kind.LOG_TIMEOUT, timeout.getMessage());
    } catch (LogFencedException fenced) {
      stop(StopReason.Kind.FENCED, fenced.getMessage());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      stop(StopReason.Kind.REQUESTED, "the committer was interrupted");
    } catch (RuntimeException | Error failure) {
      stop(StopReason.Kind.FAILED, "the committer failed: " + failure);
      throw failure;
    }
  }

  private void commit(EpochDraft draft) {
    long begin = clock.nanoTime();
    statistics.commitBegins(begin);
    CommittedEpoch committed = log.commit(draft);
    long took = clock.nanoTime() - begin;
    statistics.committed(
        committed.number(),
        draft.mark().position(),
        draft.entries().size(),
        TimeUnit.NANOSECONDS.toMicros(took));
    if (took <= leaseNanos) {
      CrashPoint.BEFORE_RELEASE.pass();
      if (endsRun(draft)) {
        CrashPoint.BEFORE_LAST_RELEASE.pass();
      }
      gate.committed(draft.mark());
      CrashPoint.AFTER_RELEASE.pass();
    } else {
      statistics.heldBack();
      handOver.wantProof();
    }
    handOver.committed();
    onCommitted.accept(committed);
  }

  /** Nothing is recorded behind a run's end. */
  private static boolean endsRun(EpochDraft draft) {
    List<EpochDraft.Entry> entries = draft.entries();
    return !entries.isEmpty() && entries.get(entries.size() - 1).event() instanceof RunEnded;
  }

  private void stop(StopReason.Kind kind, String message) {
    gate.stop(message);
    handOver.stop(new StopReason(kind, message));
    onStopped.run();
  }
}
