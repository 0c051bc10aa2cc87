package io.understudy.benchmarks.machine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.benchmarks.Host;
import io.understudy.benchmarks.Report;
import io.understudy.benchmarks.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the scenarios found, once they are through. */
record MachineReport(int repetitions, List<Scenario> scenarios) implements Report {
  @Override
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("benchmark", "machine");
    root.set("host", Host.json());
    root.put("repetitions", repetitions);
    ArrayNode all = root.putArray("scenarios");
    for (Scenario found : scenarios) {
      ObjectNode scenario = all.addObject();
      scenario.put("name", found.name());
      scenario.put("requests", found.workload().measured());
      scenario.put("window", found.workload().window());
      scenario.put("inputBytes", found.workload().inputBytes());
      scenario.put("outputBytes", found.workload().measuredTo());
      for (Mode mode : found.modes()) {
        ObjectNode figures = scenario.putObject(mode.name());
        figures.set("wallMillis", mode.wallMillis().json());
        figures.set("cpuMillis", mode.cpuMillis().json());
        figures.set("exits", mode.exits().json());
        figures.set("wallToBare", mode.wallRatio(found.bare()).json());
        figures.set("wallToRepeated", mode.wallRatio(found.repeated()).json());
        figures.set("cpuToRepeated", mode.cpuRatio(found.repeated()).json());
      }
      scenario.set("commitMillis", commits(found.commitMillis()));
      scenario.set("epochs", found.epochs().json());
      scenario.set("events", found.events().json());
      scenario.set("bytesPerEvent", found.bytesPerEvent().json());
      scenario.set("bytesPerRequest", found.bytesPerRequest().json());
    }
    return root;
  }

  private static ObjectNode commits(Samples millis) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("p50", Samples.rounded(millis.quantile(0.5)))
        .put("p99", Samples.rounded(millis.quantile(0.99)))
        .put("count", millis.count());
  }

  @Override
  public String table() {
    List<String> lines = new ArrayList<>();
    lines.add(Host.text() + "; medians of " + repetitions + " repetitions [smallest, largest]");
    for (Scenario found : scenarios) {
      lines.add("");
      lines.add(
          String.format(
              Locale.ROOT,
              "%s: %d requests, %d at once",
              found.name(),
              found.workload().measured(),
              found.workload().window()));
      for (Mode mode : found.modes()) {
        row(lines, mode.name() + ": wall time", mode.wallMillis().text("ms"));
        if (mode != found.bare()) {
          row(lines, "  / bare", mode.wallRatio(found.bare()).text("x "));
        }
        if (mode != found.repeated()) {
          row(lines, "  / repeated", mode.wallRatio(found.repeated()).text("x "));
        }
        row(lines, mode.name() + ": processor time", mode.cpuMillis().text("ms"));
        if (mode != found.repeated()) {
          row(lines, "  / repeated", mode.cpuRatio(found.repeated()).text("x "));
        }
        row(lines, mode.name() + ": exits", mode.exits().text("  "));
      }
      row(
          lines,
          "commit",
          String.format(
              Locale.ROOT,
              "%9.2f ms  p99 %.2f ms, %d commits",
              found.commitMillis().quantile(0.5),
              found.commitMillis().quantile(0.99),
              found.commitMillis().count()));
      row(lines, "epochs", found.epochs().text("  "));
      row(lines, "events", found.events().text("  "));
      row(lines, "log per event", found.bytesPerEvent().text("B "));
      row(lines, "log per request", found.bytesPerRequest().text("B "));
    }
    return String.join(System.lineSeparator(), lines);
  }

  private static void row(List<String> lines, String name, String value) {
    lines.add(String.format(Locale.ROOT, "  %-26s %s", name, value));
  }
}
