package io.understudy.benchmarks.failover;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.understudy.benchmarks.ChildProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code run failover}: how long a failover takes, phase by phase.
 *
 * <p>Question: how long are clients without an answer when the primary's process dies, and where
 * does the time go? Unit: milliseconds of wall time, as the demo reports them. Everything shares
 * one host, so a busy one makes every phase longer; moments that come with heartbeats are late by
 * up to one interval.
 */
@Command(name = "failover", description = "The demo, several times: how long each phase takes.")
public final class FailoverCommand implements Callable<Integer> {
  @Option(names = "--json", description = "Print one JSON object instead of the table.")
  private boolean isJson;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "7",
      description = "How many failovers; default: ${DEFAULT-VALUE}.")
  private int rounds;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "6",
      description = "How long clients send requests in each; default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    if (rounds < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds must be at least 1, is " + rounds);
    }
    List<JsonNode> demos = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      demos.add(demo());
    }
    FailoverReport.of(demos).print(spec.commandLine().getOut(), isJson);
    return 0;
  }

  private JsonNode demo() throws InterruptedException {
    try (ChildProcess demo =
        ChildProcess.understudy("demo", "--json", "--seconds", Integer.toString(seconds))) {
      String line = demo.awaitLine("{");
      int code = demo.awaitExit();
      if (code != 0) {
        throw new IllegalStateException("the demo failed: exitCode=" + code + " report=" + line);
      }
      return new ObjectMapper().readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the demo printed no JSON object", e);
    }
  }
}
