package io.understudy.cli;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.machine.MachineOutput;
import io.understudy.replay.OfflineReplay;
import io.understudy.schemas.VmId;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Executes a recorded run again and compares every epoch with the log. */
@Command(
    name = "replay",
    description = "Execute the run of a VM again from its log and compare every epoch.")
final class ReplayCommand implements Callable<Integer> {
  private static final long PROGRESS_NANOS = 1_000_000_000L;

  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;
  @Mixin private GuestOptions guest;

  @Option(
      names = "--vm",
      required = true,
      paramLabel = "ID",
      description = "The virtual machine.",
      converter = Converters.ToVmId.class)
  private VmId vm;

  @Option(
      names = "--verify",
      description = "Compare the digests of every epoch. Must be given: there is no other replay.")
  private boolean verify;

  @Option(
      names = "--until-epoch",
      paramLabel = "N",
      description = "Last epoch to execute; all that are committed now when not given.")
  private Long untilEpoch;

  @Option(
      names = "--console",
      paramLabel = "FILE|-",
      description = "Write what the guest says to this file, or to stdout.")
  private String console;

  @Option(
      names = "--device",
      defaultValue = "/dev/kvm",
      paramLabel = "FILE",
      description = "KVM device.")
  private Path device;

  @Option(names = "--json", description = "Write the result as JSON.")
  private boolean json;

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (!verify) {
      throw new ParameterException(
          spec.commandLine(), "there is no replay without verification: add --verify");
    }
    boolean consoleOnStdout = "-".equals(console);
    if (json && consoleOnStdout) {
      throw new ParameterException(
          spec.commandLine(), "--json and --console - both write to stdout: give a file");
    }
    if (untilEpoch != null && untilEpoch < 0) {
      throw new ParameterException(
          spec.commandLine(), "--until-epoch must not be negative, is " + untilEpoch);
    }
    ClusterConnection connection = cluster.reach();
    Progress progress = new Progress();
    OfflineReplay.Report report;
    try (Kvm kvm = Kvm.open(device);
        OutputStream out = open()) {
      report =
          OfflineReplay.run(
              kvm,
              connection,
              vm,
              header -> guest.files().read(header),
              untilEpoch == null ? Long.MAX_VALUE : untilEpoch,
              writingTo(out),
              progress::applied);
    }
    if (json) {
      show(report, spec.commandLine().getOut(), progress);
    } else {
      // With the console on stdout, the result must not be taken for something the guest said.
      show(
          report,
          consoleOnStdout ? spec.commandLine().getErr() : spec.commandLine().getOut(),
          progress);
    }
    return ExitCode.OK.code();
  }

  private OutputStream open() throws IOException {
    if (console == null) {
      return OutputStream.nullOutputStream();
    }
    return new BufferedOutputStream(
        console.equals("-")
            ? new FileOutputStream(FileDescriptor.out)
            : Files.newOutputStream(Path.of(console)));
  }

  private static MachineOutput writingTo(OutputStream out) {
    return value -> {
      try {
        out.write(value);
      } catch (IOException e) {
        throw new UncheckedIOException("the console's output cannot be written", e);
      }
    };
  }

  private void show(OfflineReplay.Report report, PrintWriter out, Progress progress) {
    if (json) {
      out.println(
          Json.pretty(
              Json.object()
                  .put("vm", vm.text())
                  .put("run", report.run().toString())
                  .put("verifiedEpochs", report.epochs())
                  .put("events", report.events())
                  .put("lastEpoch", report.lastEpoch())
                  .put("term", report.term())
                  .put("position", report.position())
                  .put("virtualNanos", report.virtualNanos())
                  .put("outputBytes", report.outputBytes())
                  .put("registersDigest", Json.hex(report.digest().registers()))
                  .put("devicesDigest", Json.hex(report.digest().devices()))
                  .put("memoryDigest", Json.hex(report.digest().memory()))
                  .put("ended", report.ended())
                  .put("elapsedMillis", progress.elapsedMillis())));
    } else {
      out.println(
          String.format(
              "verified: vm=%s run=%s epochs=%d events=%d lastEpoch=%d term=%d",
              vm,
              report.run(),
              report.epochs(),
              report.events(),
              report.lastEpoch(),
              report.term()));
      out.println(
          String.format(
              "machine:  position=%d virtualSeconds=%.3f outputBytes=%d ended=%s",
              report.position(),
              report.virtualNanos() / 1e9,
              report.outputBytes(),
              report.ended() == null ? "no" : report.ended()));
      out.println(
          String.format(
              "digests:  registers=%s devices=%s memory=%s",
              Json.hex(report.digest().registers()),
              Json.hex(report.digest().devices()),
              Json.hex(report.digest().memory())));
      out.println(
          String.format(
              "every epoch's digests and its place in the hash chain are right (%.1f s)",
              progress.elapsedMillis() / 1e3));
    }
    out.flush();
  }

  /** Tells people how far it is, once a second. Owned by the main thread. */
  private final class Progress {
    private final long startNanos = System.nanoTime();
    private long toldNanos = startNanos;

    private void applied(Epoch epoch) {
      long nowNanos = System.nanoTime();
      if (nowNanos - toldNanos >= PROGRESS_NANOS) {
        toldNanos = nowNanos;
        PrintWriter err = spec.commandLine().getErr();
        err.println(
            "replaying: vm="
                + vm
                + " epoch="
                + epoch.number()
                + " position="
                + epoch.markRecord().position());
        err.flush();
      }
    }

    private long elapsedMillis() {
      return (System.nanoTime() - startNanos) / 1_000_000;
    }
  }
}
