package io.understudy.systemtests.faults;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/** What a suite of runs came to. Owned by one thread. */
final class FaultsReport {
  private final long seed;
  private final long startNanos = System.nanoTime();
  private final Map<String, Integer> injected = new TreeMap<>();
  private final Map<String, Integer> crashPoints = new TreeMap<>();
  private final List<FailoverTimes> failovers = new ArrayList<>();
  private final ArrayNode failures = new ObjectMapper().createArrayNode();
  private int runs;
  private int passed;
  private int violations;
  private long operations;

  FaultsReport(long seed) {
    this.seed = seed;
  }

  /**
   * Counts a run.
   *
   * @param repeat the command that repeats it
   * @param directory where its evidence is
   */
  void add(FaultRun.Result result, String repeat, Path directory) {
    runs++;
    operations += result.seen().operations().size();
    result.injected().forEach((kind, count) -> injected.merge(kind, count, Integer::sum));
    result.crashPoints().forEach((name, count) -> crashPoints.merge(name, count, Integer::sum));
    failovers.addAll(result.failovers());
    if (result.violations().isEmpty()) {
      passed++;
      return;
    }
    violations += result.violations().size();
    ObjectNode failure = failures.addObject();
    failure.put("run", result.schedule().run());
    failure.put("fault", result.schedule().main().label());
    failure.put("repeat", repeat);
    failure.put("directory", directory.toString());
    ArrayNode texts = failure.putArray("violations");
    result.violations().forEach(text -> texts.add(text.lines().findFirst().orElse("")));
  }

  /** Whether all runs were as they must be, and there were some. */
  boolean isClean() {
    return violations == 0 && runs > 0;
  }

  /** The report, with fields in a fixed order. */
  ObjectNode json() {
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("seed", seed);
    json.put("runs", runs);
    ObjectNode outcomes = json.putObject("outcomes");
    outcomes.put("passed", passed);
    outcomes.put("violated", runs - passed);
    json.put("violations", violations);
    json.set("failures", failures);
    ObjectNode faults = json.putObject("faultsInjected");
    injected.forEach(faults::put);
    ObjectNode reached = json.putObject("crashPointsReached");
    crashPoints.forEach(reached::put);
    json.put("operations", operations);
    json.put("failovers", failovers.size());
    spread(json, "failoverMillis", FailoverTimes::total);
    ObjectNode phases = json.putObject("phasesMillis");
    spread(phases, "detection", FailoverTimes::detection);
    spread(phases, "fence", FailoverTimes::fence);
    spread(phases, "drain", FailoverTimes::drain);
    spread(phases, "open", FailoverTimes::open);
    json.put("seconds", Math.round((System.nanoTime() - startNanos) / 1e8) / 10.0);
    return json;
  }

  private void spread(ObjectNode json, String name, ToLongFunction<FailoverTimes> figure) {
    long[] sorted = failovers.stream().mapToLong(figure).sorted().toArray();
    ObjectNode spread = json.putObject(name);
    spread.put("p50", percentile(sorted, 50));
    spread.put("p99", percentile(sorted, 99));
    spread.put("max", Arrays.stream(sorted).max().orElse(0));
  }

  /** The smallest value that is not below {@code percent} of all; 0 if there is none. */
  static long percentile(long[] sorted, int percent) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (sorted.length * percent + 99) / 100;
    return sorted[Math.max(0, rank - 1)];
  }
}
