package io.understudy.cli;

import io.understudy.log.EvidenceReport;
import io.understudy.log.EvidenceVerifier;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Verifies what {@link LogExportCommand} has written; contacts nobody. */
@Command(
    name = "verify",
    description = {
      "Verify a file of 'log export': that it is one unbroken history, as the run wrote it.",
      "No cluster is needed. Whose history it is, only --expect-hash proves, with a hash from"
          + " elsewhere."
    })
final class LogVerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The file.")
  private Path file;

  @Mixin private ExpectedHashes expected;

  @Option(names = "--json", description = "Write one JSON object.")
  private boolean json;

  @Override
  public Integer call() {
    if (!Files.isRegularFile(file)) {
      throw new ParameterException(spec.commandLine(), "no such file: " + file);
    }
    EverySecond progress = new EverySecond(spec.commandLine().getErr());
    EvidenceReport report =
        EvidenceVerifier.verify(
            file,
            (epoch, hash) -> {
              expected.check(epoch, hash);
              progress.say(() -> "verifying: file=" + file + " epoch=" + epoch);
            });
    expected.finish();
    boolean isIdentified =
        report.firstEventEpoch() >= 0 && expected.last() >= report.firstEventEpoch();
    if (!isIdentified) {
      PrintWriter err = spec.commandLine().getErr();
      err.println(
          expected.isEmpty()
              ? "no hash was expected: this is one unbroken history, but whoever wrote it could"
                  + " have written another; --expect-hash tells"
              : "no event is in the epochs up to the expected hash, which covers no VM and no run"
                  + " then: both are what the file claims");
      err.flush();
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(EvidenceText.verified(file, report, isIdentified, json));
    out.flush();
    return ExitCode.OK.code();
  }
}
