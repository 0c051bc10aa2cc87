package io.understudy.benchmarks.compute;

import io.understudy.capture.CaptureSettings;
import io.understudy.capture.CaptureStatistics;
import io.understudy.capture.HostClock;
import io.understudy.capture.LiveRun;
import io.understudy.capture.OutputGate;
import io.understudy.capture.StopReason;
import io.understudy.kvm.Kvm;
import io.understudy.log.ChainState;
import io.understudy.log.ClusterConnection;
import io.understudy.log.EpochDraft;
import io.understudy.log.EpochLog;
import io.understudy.log.FencedWriter;
import io.understudy.log.KafkaEpochWriter;
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

/** The traffic on a machine that a primary records to Kafka. */
final class RecordedRun {
  private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(60);

  private RecordedRun() {}

  /**
   * What a recording was.
   *
   * @param output all that the guest said, the last of which may not be in the log
   * @param repliesEnd how much of it was answers that the client got
   * @param nanos from the first answer to the last
   * @param burns the metered computations
   * @param statistics of the primary
   */
  record Result(
      byte[] output,
      long repliesEnd,
      long nanos,
      List<Client.Burn> burns,
      CaptureStatistics statistics) {}

  /** Runs it, as a new run of {@code vm}, whose topic is there; the log stays. */
  static Result run(
      Kvm kvm,
      MachineConfig config,
      Traffic traffic,
      long kickSeed,
      ClusterConnection connection,
      VmId vm)
      throws InterruptedException {
    Answers answers = new Answers(false);
    RunStarted header =
        RunHeader.describe(
            kvm,
            config,
            GuestImages.LEDGER,
            Laboratory.PARTITIONS,
            "stream",
            new TreeMap<>(),
            "benchmark");
    try (Machine machine = Machine.powerOn(kvm, config, answers);
        FencedWriter fenced = KafkaEpochWriter.fence(connection, vm, COMMIT_TIMEOUT)) {
      answers.attach(machine);
      EpochLog log =
          fenced.begin(UUID.randomUUID(), 1, ChainState.genesis(), Laboratory.PARTITIONS);
      LiveRun run =
          new LiveRun(machine, log, new Gate(answers), CaptureSettings.DEFAULT, HostClock.SYSTEM);
      run.open(header);
      Client client = new Client(traffic, answers, lineOf(run));
      List<Client.Burn> burns = client.talkTo(machine, kickSeed);
      long repliesEnd = answers.replies().get(traffic.requests().size() - 1).endOffset();
      return new Result(answers.bytes(), repliesEnd, answers.nanos(), burns, run.statistics());
    }
  }

  private static Client.Line lineOf(LiveRun run) {
    return new Client.Line() {
      @Override
      public StopReason run() throws InterruptedException {
        return run.run();
      }

      @Override
      public boolean offer(long offset, byte[] request) {
        return run.offerInput(offset, request);
      }

      @Override
      public void hangUp() {
        run.stop("the client is done");
      }
    };
  }

  /** What is committed arrives at once. */
  private record Gate(Answers answers) implements OutputGate {
    @Override
    public void committed(EpochDraft.Mark mark) {
      answers.release(mark.outputOffset());
    }

    @Override
    public long releasedOffset() {
      return answers.released();
    }

    @Override
    public void stop(String reason) {
      answers.stop();
    }
  }
}
