package io.understudy.benchmarks.machine;

import io.understudy.capture.CaptureSettings;
import io.understudy.capture.HostClock;
import io.understudy.capture.LiveRun;
import io.understudy.capture.OutputGate;
import io.understudy.capture.StopReason;
import io.understudy.kvm.Kvm;
import io.understudy.log.ChainState;
import io.understudy.log.ClusterConnection;
import io.understudy.log.EpochDraft;
import io.understudy.log.FencedWriter;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.log.LogTopics;
import io.understudy.machine.GuestImages;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.RunHeader;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The workload on a machine that a primary records to Kafka: a reply has arrived when the epoch
 * behind it is committed. Only the console's network is missing.
 */
final class RecordedRun {
  private static final int PARTITIONS = 4;
  private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(60);

  private RecordedRun() {}

  /**
   * What was measured.
   *
   * @param measured times and exits
   * @param commitNanos each commit that began in the measured part
   */
  record Result(Measured measured, List<Long> commitNanos) {}

  /** Runs it, as a new run of {@code vm}; the log stays. */
  static Result run(
      Kvm kvm, MachineConfig config, Workload workload, ClusterConnection connection, VmId vm)
      throws InterruptedException {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    Replies replies = new Replies(workload);
    RunStarted header =
        RunHeader.describe(
            kvm, config, GuestImages.LEDGER, PARTITIONS, "stream", new TreeMap<>(), "benchmark");
    try (Machine machine = Machine.powerOn(kvm, config, replies::transmitted);
        FencedWriter fenced = KafkaEpochWriter.fence(connection, vm, COMMIT_TIMEOUT)) {
      TimedLog log =
          new TimedLog(fenced.begin(UUID.randomUUID(), 1, ChainState.genesis(), PARTITIONS));
      Gate gate = new Gate(replies);
      LiveRun run = new LiveRun(machine, log, gate, CaptureSettings.DEFAULT, HostClock.SYSTEM);
      run.open(header);
      Thread client = new Thread(() -> ask(workload, run, gate), "benchmark-client");
      client.start();
      StopReason reason = run.run();
      client.join();
      if (reason.kind() != StopReason.Kind.REQUESTED) {
        throw new IllegalStateException("the run ended by itself: " + reason);
      }
      return new Result(
          replies.measured(machine.position()), log.commitNanos(replies.beganNanos()));
    }
  }

  /** The client: keeps a window of requests unanswered until all are answered. */
  private static void ask(Workload workload, LiveRun run, Gate gate) {
    long offset = 0;
    int answered = 0;
    try {
      for (int index = 0; index < workload.count(); index++) {
        while (!workload.mayAsk(index, answered)) {
          if (!gate.await(workload.replyEnd(answered))) {
            return;
          }
          answered++;
        }
        byte[] request = workload.request(index);
        while (!run.offerInput(offset, request)) {
          if (gate.isStopped()) {
            return;
          }
          Thread.onSpinWait();
        }
        offset += request.length;
      }
      if (gate.await(workload.measuredTo())) {
        run.stop("the workload is done");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Notes how far output may leave; where the client waits for it. Safe for any thread. */
  private static final class Gate implements OutputGate {
    private final Replies replies;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long released;
    private boolean stopped;

    Gate(Replies replies) {
      this.replies = replies;
    }

    @Override
    public void committed(EpochDraft.Mark mark) {
      lock.lock();
      try {
        released = mark.outputOffset();
        replies.arrived(mark.outputOffset());
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /** Whether the run has ended. */
    boolean isStopped() {
      lock.lock();
      try {
        return stopped;
      } finally {
        lock.unlock();
      }
    }

    /** Waits until output up to here may leave; false if the run has ended. */
    boolean await(long outputOffset) throws InterruptedException {
      lock.lock();
      try {
        while (released < outputOffset && !stopped) {
          changed.await();
        }
        return released >= outputOffset;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public long releasedOffset() {
      lock.lock();
      try {
        return released;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void stop(String reason) {
      lock.lock();
      try {
        stopped = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
