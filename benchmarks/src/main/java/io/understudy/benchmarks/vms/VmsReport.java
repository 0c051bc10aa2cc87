package io.understudy.benchmarks.vms;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.benchmarks.Host;
import io.understudy.benchmarks.Report;
import io.understudy.benchmarks.Samples;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * What was found with each number of VMs.
 *
 * @param plan how each trial went
 * @param repetitions how often each was made
 * @param rows one for each number of VMs
 */
record VmsReport(Plan plan, int repetitions, List<Row> rows) implements Report {
  /** Copies the list. */
  VmsReport {
    rows = List.copyOf(rows);
  }

  @Override
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("benchmark", "vms");
    root.set("host", Host.json());
    root.put("repetitions", repetitions);
    root.put("seconds", plan.measured().toSeconds());
    root.put("requestsPerSecondAndVm", plan.requestsPerSecond());
    root.put("guestMemoryMib", Deployment.MEMORY_MIB);
    ArrayNode all = root.putArray("counts");
    for (Row row : rows) {
      ObjectNode count = all.addObject();
      count.put("vms", row.vms());
      for (Mode mode : Mode.values()) {
        ObjectNode figures = count.putObject(mode.key());
        figures.set("idle", phase(row, mode, Trial::idle));
        ObjectNode load = phase(row, mode, Trial::load);
        load.putObject("latencyMillis")
            .<ObjectNode>set("p50", row.samples(mode, Trial::p50Millis).json())
            .set("p99", row.samples(mode, Trial::p99Millis).json());
        load.set("requests", row.samples(mode, Trial::requests).json());
        load.set("answeredPerSecond", row.samples(mode, Trial::answeredPerSecond).json());
        load.put("carried", row.isCarried(mode));
        figures.set("load", load);
        figures.put("lagging", row.lagging(mode));
      }
      ObjectNode ratios = count.putObject("ratios");
      ratios.set("idle", ratios(row, Trial::idle, false));
      ratios.set("load", ratios(row, Trial::load, true));
    }
    return root;
  }

  private static ObjectNode phase(Row row, Mode mode, Function<Trial, Phase> phase) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ObjectNode processes = json.putObject("processes");
    for (Part part : mode.parts()) {
      processes
          .putObject(part.key())
          .<ObjectNode>set("cpuPercent", of(row, mode, phase, part, Cost::cpuPercent).json())
          .<ObjectNode>set("rssMib", of(row, mode, phase, part, Cost::rssMib).json())
          .set("peakRssMib", of(row, mode, phase, part, Cost::peakMib).json());
    }
    json.set("cpuPercent", row.samples(mode, of(phase, Phase::cpuPercent)).json());
    json.set("othersCpuPercent", row.samples(mode, of(phase, Phase::othersPercent)).json());
    json.set("rssMib", row.samples(mode, of(phase, Phase::rssMib)).json());
    if (mode.isLogged()) {
      json.set("logBytesPerVmSecond", row.samples(mode, of(phase, Phase::logGrowth)).json());
    } else {
      json.putNull("logBytesPerVmSecond");
    }
    return json;
  }

  private static ObjectNode ratios(Row row, Function<Trial, Phase> phase, boolean isLoad) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    for (Ratio ratio : Ratio.values()) {
      if (isLoad || !ratio.needsLoad()) {
        json.set(ratio.key(), ratio.of(row, phase).map(Samples::json).orElse(null));
      }
    }
    return json;
  }

  /** A figure of a part in a phase. */
  static Samples of(
      Row row, Mode mode, Function<Trial, Phase> phase, Part part, ToDoubleFunction<Cost> figure) {
    return row.samples(mode, trial -> figure.applyAsDouble(phase.apply(trial).costs().get(part)));
  }

  private static ToDoubleFunction<Trial> of(
      Function<Trial, Phase> phase, ToDoubleFunction<Phase> figure) {
    return trial -> figure.applyAsDouble(phase.apply(trial));
  }

  @Override
  public String table() {
    return new VmsTable(this).text();
  }
}
