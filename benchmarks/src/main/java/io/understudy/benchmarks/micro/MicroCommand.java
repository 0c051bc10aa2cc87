package io.understudy.benchmarks.micro;

import java.util.Collection;
import java.util.concurrent.Callable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code run micro}: the hot paths, one by one, each in JVMs of its own. */
@Command(name = "micro", description = "Hot paths under JMH, one by one.")
public final class MicroCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean isJson;

  @Option(
      names = "--include",
      paramLabel = "REGEX",
      defaultValue = ".*",
      description = "Only benchmarks whose name matches; default: all.")
  private String include;

  @Option(
      names = "--quick",
      description =
          "A tenth of a second each, unwarmed, in this JVM: shows that they run, not how fast.")
  private boolean isQuick;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(getClass().getPackageName() + "." + include)
            .shouldFailOnError(true)
            .jvmArgsAppend("-XX:+UseSerialGC");
    if (isQuick) {
      options.forks(0).warmupIterations(0).measurementIterations(1);
      options.measurementTime(TimeValue.milliseconds(100));
    } else {
      options.forks(2).warmupIterations(3).measurementIterations(5);
      options.warmupTime(TimeValue.seconds(1)).measurementTime(TimeValue.seconds(1));
    }
    // JMH's own words go to standard error: standard output is for the figures.
    Collection<RunResult> results =
        new Runner(
                options.build(),
                OutputFormatFactory.createFormatInstance(
                    System.err, isQuick ? VerboseMode.SILENT : VerboseMode.NORMAL))
            .run();
    MicroReport.of(results).print(spec.commandLine().getOut(), isJson);
    return 0;
  }
}
