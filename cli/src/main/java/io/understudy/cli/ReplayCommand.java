package io.understudy.cli;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.LogException;
import io.understudy.log.LogStart;
import io.understudy.machine.MachineOutput;
import io.understudy.machine.MachineParts;
import io.understudy.replay.OfflineReplay;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.Hashes;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
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
    description = {
      "Execute the run of a VM again from its log and compare every epoch.",
      "Where the beginning of the log was deleted, this begins with the oldest snapshot that is"
          + " left."
    })
final class ReplayCommand implements Callable<Integer> {
  private static final long PROGRESS_NANOS = 1_000_000_000L;

  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;
  @Mixin private GuestOptions guest;

  @Mixin private VmOption vm;

  @Option(
      names = "--verify",
      description = "Compare the digests of every epoch. Must be given: there is no other replay.")
  private boolean verify;

  @Option(
      names = "--from-epoch",
      paramLabel = "N",
      description = {
        "Do not execute what is long before this epoch: begin with the newest snapshot before it,",
        "if there is one."
      })
  private Long fromEpoch;

  @Option(
      names = "--until-epoch",
      paramLabel = "N",
      description = "Last epoch to execute; all that are committed now when not given.")
  private Long untilEpoch;

  @Option(
      names = "--times",
      defaultValue = "1",
      paramLabel = "N",
      description = "Replay this many times; all replays must be the same.")
  private int times;

  @Option(
      names = "--console",
      paramLabel = "FILE|-",
      description = "Write what the guest says, the first time, to this file, or to stdout.")
  private String console;

  @Option(
      names = "--device",
      defaultValue = "/dev/kvm",
      paramLabel = "FILE",
      description = "KVM device.")
  private Path device;

  @Option(names = "--json", description = "Write the result as JSON.")
  private boolean json;

  /** What the run's machine is made of, once it is read. */
  private MachineParts parts;

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
    requireEpochs();
    if (times < 1) {
      throw new ParameterException(spec.commandLine(), "--times must be at least 1, is " + times);
    }
    guest.files().requireReadable();
    ClusterConnection connection = cluster.reach();
    LogStart start = start(connection);
    ReplaySeries series = new ReplaySeries(vm.id(), times);
    try (Kvm kvm = Kvm.open(device)) {
      for (int number = 1; number <= times; number++) {
        // The log may have grown since the first time.
        long last =
            series.report() != null
                ? series.report().lastEpoch()
                : untilEpoch == null ? Long.MAX_VALUE : untilEpoch;
        replay(kvm, new OfflineReplay.Span(connection, vm.id(), start, last), number, series);
      }
    }
    // With the console on stdout, the result must not be taken for something the guest said.
    PrintWriter out = consoleOnStdout ? spec.commandLine().getErr() : spec.commandLine().getOut();
    out.print(json ? Json.pretty(series.json()) + System.lineSeparator() : series.text());
    out.flush();
    return ExitCode.OK.code();
  }

  private void requireEpochs() {
    if (fromEpoch != null && fromEpoch < 0) {
      throw new ParameterException(
          spec.commandLine(), "--from-epoch must not be negative, is " + fromEpoch);
    }
    long least = fromEpoch == null ? 0 : fromEpoch;
    if (untilEpoch != null && untilEpoch < least) {
      throw new ParameterException(
          spec.commandLine(), "--until-epoch must be at least " + least + ", is " + untilEpoch);
    }
  }

  private LogStart start(ClusterConnection connection) {
    ClusterOptions.requireLog(connection, vm.id());
    LogStart start =
        fromEpoch == null
            ? LogStart.earliest(connection, vm.id())
            : LogStart.before(connection, vm.id(), fromEpoch);
    if (untilEpoch != null && untilEpoch < start.firstEpoch()) {
      throw new LogException(
          "the log is deleted up to there and further: vm="
              + vm.id()
              + " untilEpoch="
              + untilEpoch
              + " firstEpoch="
              + start.firstEpoch());
    }
    if (start.snapshot() != null) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(
          "begins with snapshot "
              + start.snapshot().id()
              + " of epoch "
              + start.snapshot().manifest().epoch());
      err.flush();
    }
    return start;
  }

  private void replay(Kvm kvm, OfflineReplay.Span span, int number, ReplaySeries series)
      throws InterruptedException, IOException {
    boolean isFirst = series.report() == null;
    Progress progress = new Progress(number);
    MessageDigest digest = Hashes.sha256();
    OfflineReplay.Report report;
    try (OutputStream out =
        new DigestOutputStream(isFirst ? open() : OutputStream.nullOutputStream(), digest)) {
      report =
          OfflineReplay.run(
              kvm, span, this::parts, writingTo(out), (epoch, machine) -> progress.applied(epoch));
    }
    series.add(report, HexFormat.of().formatHex(digest.digest()), progress.elapsedMillis());
  }

  /** Large files are read once. */
  private MachineParts parts(RunStarted header) {
    if (parts == null) {
      parts = guest.files().read(header);
    }
    return parts;
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

  /** Tells people how far it is, once a second. Owned by the main thread. */
  private final class Progress {
    private final long startNanos = System.nanoTime();
    private final int number;
    private long toldNanos = startNanos;

    private Progress(int number) {
      this.number = number;
    }

    private void applied(Epoch epoch) {
      long nowNanos = System.nanoTime();
      if (nowNanos - toldNanos >= PROGRESS_NANOS) {
        toldNanos = nowNanos;
        PrintWriter err = spec.commandLine().getErr();
        err.println(
            "replaying: vm="
                + vm.id()
                + (times > 1 ? " replay=" + number + "/" + times : "")
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
