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

/** What the scenarios found. Immutable. */
record MachineReport(int repetitions, List<Scenario.Result> scenarios) implements Report {
  @Override
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("benchmark", "machine");
    root.set("host", Host.json());
    root.put("repetitions", repetitions);
    ArrayNode all = root.putArray("scenarios");
    for (Scenario.Result found : scenarios) {
      ObjectNode scenario = all.addObject();
      scenario.put("name", found.name());
      scenario.put("requests", found.workload().measured());
      scenario.put("window", found.workload().window());
      scenario.put("inputBytes", found.workload().inputBytes());
      scenario.put("outputBytes", found.workload().measuredTo());
      scenario.set("bareMillis", found.bareMillis().json());
      scenario.set("recordedMillis", found.recordedMillis().json());
      scenario.set("replayedMillis", found.replayedMillis().json());
      scenario.set("recordedToBare", found.recordedToBare().json());
      scenario.set("replayedToBare", found.replayedToBare().json());
      scenario.set("commitMillis", commits(found.commitMillis()));
      scenario.set("bytesPerEvent", found.bytesPerEvent().json());
      scenario.set("bytesPerRequest", found.bytesPerRequest().json());
      scenario.set("epochs", found.epochs().json());
      scenario.set("events", found.events().json());
      scenario.set("exits", found.exits().json());
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
    for (Scenario.Result found : scenarios) {
      lines.add("");
      lines.add(
          String.format(
              Locale.ROOT,
              "%s: %d requests, %d at once",
              found.name(),
              found.workload().measured(),
              found.workload().window()));
      row(lines, "bare", found.bareMillis().text("ms"));
      row(lines, "recorded", found.recordedMillis().text("ms"));
      row(lines, "replayed", found.replayedMillis().text("ms"));
      row(lines, "recorded / bare", found.recordedToBare().text("x "));
      row(lines, "replayed / bare", found.replayedToBare().text("x "));
      row(
          lines,
          "commit",
          String.format(
              Locale.ROOT,
              "%9.2f ms  p99 %.2f ms",
              found.commitMillis().quantile(0.5),
              found.commitMillis().quantile(0.99)));
      row(lines, "log per event", found.bytesPerEvent().text("B "));
      row(lines, "log per request", found.bytesPerRequest().text("B "));
      row(lines, "epochs", found.epochs().text("  "));
      row(lines, "events", found.events().text("  "));
      row(lines, "exits", found.exits().text("  "));
    }
    return String.join(System.lineSeparator(), lines);
  }

  private static void row(List<String> lines, String name, String value) {
    lines.add(String.format(Locale.ROOT, "  %-18s %s", name, value));
  }
}
