package io.understudy.cli;

import io.understudy.capture.HostClock;
import io.understudy.capture.StopReason;
import io.understudy.capture.UnrecordedRun;
import io.understudy.capture.network.NetworkLink;
import io.understudy.capture.network.TapPort;
import io.understudy.kvm.Kvm;
import io.understudy.machine.GuestFiles;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.RunClock;
import io.understudy.schemas.GuestEvent;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs a guest that nobody protects, with its console on stdin and stdout. */
@Command(
    name = "run",
    description = {
      "Run a guest on this host without protection: no Kafka, no log, no standby.",
      "Its console is stdin and stdout. Shows whether a guest runs at all, and how fast.",
      "From a terminal: stty raw -echo; understudy run ...; stty sane"
    })
final class RunCommand implements Callable<Integer> {
  /** From which the network card's address is made if none is given. */
  private static final String NAME = "run";

  private static final long INPUT_WAIT_NANOS = 10_000_000;

  @Spec private CommandSpec spec;
  @Mixin private GuestOptions guest;
  @Mixin private MachineOptions machine;

  @Option(
      names = "--tap",
      defaultValue = "",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "NAME",
      description = "The TAP interface that connects the guest's network card; it must exist.")
  private String tap;

  @Option(
      names = "--time-resolution",
      defaultValue = "200us",
      paramLabel = "TIME",
      description = "How old the time may be that the guest reads, as of a primary.",
      converter = Converters.ToDuration.class)
  private Duration timeResolution;

  @Option(
      names = "--guest-speed",
      defaultValue = "1",
      paramLabel = "FACTOR",
      description = "How fast the guest's clock runs, above 0 and at most 1; as of a primary.")
  private double guestSpeed;

  @Option(
      names = "--device",
      defaultValue = "/dev/kvm",
      paramLabel = "FILE",
      description = "KVM device.")
  private Path device;

  @Override
  public Integer call() throws InterruptedException {
    Limits.guestSpeed(guestSpeed);
    Limits.within("--time-resolution", timeResolution, Limits.MICROSECOND, Duration.ofSeconds(1));
    GuestFiles files = guest.files();
    MachineConfig checked = machine.check(files, NAME, !tap.isEmpty());
    try (Kvm kvm = Kvm.open(device);
        Outside outside = new Outside(network(checked));
        Machine powered = Machine.powerOn(kvm, live(checked, kvm), outside)) {
      UnrecordedRun run = new UnrecordedRun(powered, HostClock.SYSTEM, timeResolution, guestSpeed);
      Termination.onSignal(() -> run.stop("the process was asked to end"));
      outside.goLive(run);
      long startNanos = System.nanoTime();
      StopReason reason = run.run();
      tell(powered, reason, System.nanoTime() - startNanos);
    }
    return ExitCode.OK.code();
  }

  private NetworkLink network(MachineConfig config) {
    return tap.isEmpty() ? null : new NetworkLink(new TapPort(tap), config.macAddress());
  }

  private static MachineConfig live(MachineConfig config, Kvm kvm) {
    return new MachineConfig(
        config.program(),
        config.memoryBytes(),
        config.commandLine(),
        System.currentTimeMillis(),
        new SecureRandom().nextLong(),
        RunClock.unrecorded(kvm),
        config.disk(),
        config.macAddress(),
        config.consoleDevice());
  }

  private void tell(Machine ended, StopReason reason, long nanos) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(
        String.format(
            "run ended: reason=%s: %s position=%d seconds=%.3f",
            reason.kind(), reason.message(), ended.position(), nanos / 1e9));
    err.flush();
  }

  /** The guest's console and network. Output comes on the vCPU thread. */
  private static final class Outside implements MachineOutput, AutoCloseable {
    private final InputStream in = new FileInputStream(FileDescriptor.in);
    private final OutputStream out = new FileOutputStream(FileDescriptor.out);
    private final NetworkLink network;

    private Outside(NetworkLink network) {
      this.network = network;
    }

    private void goLive(UnrecordedRun run) {
      // A read of a terminal cannot be interrupted, so this thread ends with the process.
      Thread reader = new Thread(() -> read(run), "stdin");
      reader.setDaemon(true);
      reader.start();
      if (network != null) {
        network.goLive(run::offerFrame);
      }
    }

    private void read(UnrecordedRun run) {
      byte[] buffer = new byte[GuestEvent.ConsoleInput.MAX_BYTES];
      try {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          byte[] bytes = Arrays.copyOf(buffer, count);
          while (count > 0 && !run.offerInput(bytes)) {
            LockSupport.parkNanos(INPUT_WAIT_NANOS);
          }
        }
      } catch (IOException e) {
        // The end of the input is not the end of the guest, however it comes.
        return;
      }
    }

    @Override
    public void accept(byte value) {
      try {
        out.write(value);
      } catch (IOException e) {
        throw new UncheckedIOException("the console's output cannot be written", e);
      }
    }

    @Override
    public void frame(byte[] frame) {
      if (network != null) {
        network.send(frame);
      }
    }

    @Override
    public void close() {
      if (network != null) {
        network.close();
      }
    }
  }
}
