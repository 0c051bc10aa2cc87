package io.understudy.benchmarks.failover;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.benchmarks.Host;
import io.understudy.benchmarks.Report;
import io.understudy.benchmarks.Samples;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What several demos reported. Immutable.
 *
 * @param rounds how many there were
 * @param phaseMillis each phase of the failover, in the demo's order; the last is the total
 * @param pauseMillis longest time that a client waited for a reply
 */
record FailoverReport(int rounds, Map<String, Samples> phaseMillis, Samples pauseMillis)
    implements Report {
  /**
   * Puts the reports of demos together.
   *
   * @throws IllegalStateException if one did not pass: what is not right has no speed
   */
  static FailoverReport of(List<JsonNode> demos) {
    Map<String, List<Long>> phases = new LinkedHashMap<>();
    List<Long> pauses = new ArrayList<>();
    for (JsonNode demo : demos) {
      if (!demo.path("verdict").asText().equals("PASS")) {
        throw new IllegalStateException("a demo did not pass: " + demo);
      }
      demo.required("failoverMillis")
          .properties()
          .forEach(
              phase ->
                  phases
                      .computeIfAbsent(phase.getKey(), name -> new ArrayList<>())
                      .add(phase.getValue().asLong()));
      pauses.add(demo.required("pauseMillis").asLong());
    }
    Map<String, Samples> samples = new LinkedHashMap<>();
    phases.forEach((name, millis) -> samples.put(name, new Samples(millis)));
    return new FailoverReport(demos.size(), samples, new Samples(pauses));
  }

  @Override
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("benchmark", "failover");
    root.set("host", Host.json());
    root.put("rounds", rounds);
    ObjectNode phases = root.putObject("phaseMillis");
    phaseMillis.forEach((name, millis) -> phases.set(name, millis.json()));
    root.set("pauseMillis", pauseMillis.json());
    return root;
  }

  @Override
  public String table() {
    List<String> lines = new ArrayList<>();
    lines.add(Host.text() + "; medians of " + rounds + " failovers [smallest, largest]");
    lines.add("");
    phaseMillis.forEach((name, millis) -> lines.add(row(name, millis)));
    lines.add(row("longest client pause", pauseMillis));
    return String.join(System.lineSeparator(), lines);
  }

  private static String row(String name, Samples millis) {
    return String.format(Locale.ROOT, "  %-22s %s", name, millis.text("ms"));
  }
}
