package io.understudy.benchmarks.compute;

import io.understudy.capture.CaptureSettings;
import io.understudy.capture.HostClock;
import io.understudy.capture.StopReason;
import io.understudy.capture.UnrecordedRun;
import io.understudy.kvm.Kvm;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import java.util.List;

/** The traffic on a machine that nobody records. */
final class PlainRun {
  private PlainRun() {}

  /** Runs it and returns the metered computations. */
  static List<Client.Burn> run(Kvm kvm, MachineConfig config, Traffic traffic, long kickSeed)
      throws InterruptedException {
    Answers answers = new Answers(true);
    try (Machine machine = Machine.powerOn(kvm, config, answers)) {
      answers.attach(machine);
      UnrecordedRun run =
          new UnrecordedRun(
              machine,
              HostClock.SYSTEM,
              CaptureSettings.DEFAULT.timeResolution(),
              CaptureSettings.DEFAULT.guestSpeed());
      Client client =
          new Client(
              traffic,
              answers,
              new Client.Line() {
                @Override
                public StopReason run() throws InterruptedException {
                  return run.run();
                }

                @Override
                public boolean offer(long offset, byte[] request) {
                  return run.offerInput(request);
                }

                @Override
                public void hangUp() {
                  run.stop("the client is done");
                }
              });
      return client.talkTo(machine, kickSeed);
    }
  }
}
