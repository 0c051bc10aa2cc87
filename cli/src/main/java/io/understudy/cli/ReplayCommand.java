package io.understudy.cli;

import io.understudy.kvm.Kvm;
import io.understudy.log.ClusterConnection;
import io.understudy.log.Epoch;
import io.understudy.log.LogStart;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.SnapshotDamagedException;
import io.understudy.machine.MachineParts;
import io.understudy.replay.OfflineReplay;
import io.understudy.schemas.GuestEvent.RunStarted;
import java.io.IOException;
import java.io.PrintWriter;
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
    description = {
      "Execute the run of a VM again from its log and compare every epoch.",
      "Where the beginning of the log was deleted, this begins with the oldest snapshot that is"
          + " left."
    })
final class ReplayCommand implements Callable<Integer> {
  private static final int START_TRIES = 3;

  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;
  @Mixin private GuestOptions guest;

  @Mixin private VmOption vm;

  @Option(
      names = "--verify",
      description = "Compare the digests of every epoch. Must be given: there is no other replay.")
  private boolean verify;

  @Mixin private EpochSpan span;
  @Mixin private ExpectedHashes expected;

  @Option(
      names = "--times",
      defaultValue = "1",
      paramLabel = "N",
      description = "Replay this many times; all replays must be the same.")
  private int times;

  @Option(
      names = "--console",
      paramLabel = "FILE|-",
      description =
          "Write what the guest says from there on, the first time, to this file, or to stdout.")
  private String console;

  @Option(
      names = "--transcript",
      paramLabel = "FILE",
      description = {
        "Write what the guest and the world said to each other, the first time: one JSON object for"
            + " the",
        "bytes of each epoch and direction, and for each frame."
      })
  private Path transcript;

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

  /** Whether an epoch was applied. */
  private boolean hasBegun;

  @Override
  public Integer call() throws InterruptedException, IOException {
    if (!verify) {
      throw new ParameterException(
          spec.commandLine(), "there is no replay without verification: add --verify");
    }
    boolean consoleOnStdout = ReplayOutput.isStdout(console);
    if (json && consoleOnStdout) {
      throw new ParameterException(
          spec.commandLine(), "--json and --console - both write to stdout: give a file");
    }
    span.check(spec);
    if (transcript != null && (isOneFile(transcript) || transcript.toString().equals("-"))) {
      throw new ParameterException(
          spec.commandLine(), "--transcript needs a file of its own, is " + transcript);
    }
    if (times < 1) {
      throw new ParameterException(spec.commandLine(), "--times must be at least 1, is " + times);
    }
    guest.files().requireReadable();
    ClusterConnection connection = cluster.reach();
    ReplaySeries series = new ReplaySeries(vm.id(), times);
    try (Kvm kvm = Kvm.open(device)) {
      LogStart start = first(kvm, connection, series);
      for (int number = 2; number <= times; number++) {
        // The log may have grown since the first time.
        long last = series.report().lastEpoch();
        replay(kvm, new OfflineReplay.Span(connection, vm.id(), start, last), number, series);
      }
    }
    // With the console on stdout, the result must not be taken for something the guest said.
    PrintWriter out = consoleOnStdout ? spec.commandLine().getErr() : spec.commandLine().getOut();
    out.print(json ? Json.pretty(series.json()) + System.lineSeparator() : series.text());
    out.flush();
    return ExitCode.OK.code();
  }

  /**
   * The first replay. An audit does not hold a log back, so its beginning may be deleted after it
   * was chosen; another one is chosen then, as long as nothing was executed.
   *
   * @return where it began
   */
  private LogStart first(Kvm kvm, ClusterConnection connection, ReplaySeries series)
      throws InterruptedException, IOException {
    LogStart start = span.start(connection, vm.id());
    for (int tries = 1; ; tries++) {
      span.tell(start, spec.commandLine().getErr());
      expected.begin(start);
      try {
        replay(kvm, new OfflineReplay.Span(connection, vm.id(), start, span.last()), 1, series);
        span.requireReached(vm.id(), series.report().lastEpoch());
        expected.finish();
        return start;
      } catch (LogTruncatedException | SnapshotDamagedException shortened) {
        boolean isLast = hasBegun || tries == START_TRIES;
        LogStart next = isLast ? start : span.start(connection, vm.id());
        if (next.equals(start)) {
          throw shortened;
        }
        tell("begins anew: " + shortened.getMessage());
        start = next;
      }
    }
  }

  private boolean isOneFile(Path other) {
    return console != null && same(Path.of(console)).equals(same(other));
  }

  private static Path same(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException notThere) {
      return file.toAbsolutePath().normalize();
    }
  }

  private void tell(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(line);
    err.flush();
  }

  private void replay(Kvm kvm, OfflineReplay.Span what, int number, ReplaySeries series)
      throws InterruptedException, IOException {
    boolean isFirst = series.report() == null;
    EverySecond progress = new EverySecond(spec.commandLine().getErr());
    long startNanos = System.nanoTime();
    OfflineReplay.Report report;
    String sha256;
    try (ReplayOutput output =
        ReplayOutput.to(isFirst ? console : null, isFirst ? transcript : null)) {
      report =
          OfflineReplay.run(
              kvm,
              what,
              this::parts,
              output,
              (epoch, machine) -> {
                hasBegun = true;
                if (isFirst) {
                  expected.check(epoch.number(), epoch.next().chain().hash());
                }
                output.applied(epoch);
                progress.say(() -> progress(number, epoch));
              });
      sha256 = output.consoleSha256();
      output.finish(report.chain());
    }
    series.add(report, sha256, (System.nanoTime() - startNanos) / 1_000_000);
  }

  private String progress(int number, Epoch epoch) {
    return "replaying: vm="
        + vm.id()
        + (times > 1 ? " replay=" + number + "/" + times : "")
        + " epoch="
        + epoch.number()
        + " position="
        + epoch.markRecord().position();
  }

  /** Large files are read once. */
  private MachineParts parts(RunStarted header) {
    if (parts == null) {
      parts = guest.files().read(header);
    }
    return parts;
  }
}
