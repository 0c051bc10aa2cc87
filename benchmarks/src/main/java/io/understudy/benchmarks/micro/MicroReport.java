package io.understudy.benchmarks.micro;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.benchmarks.Host;
import io.understudy.benchmarks.Report;
import io.understudy.benchmarks.Samples;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** What JMH found. Immutable. */
record MicroReport(List<Row> rows) implements Report {
  /**
   * One benchmark with one set of parameters.
   *
   * @param name class and method
   * @param pages value of the parameter of that name, or "" where there is none
   * @param score mean time of an operation
   * @param error half the width of the 99.9 % confidence interval; not a number for one iteration
   * @param unit of score and error
   */
  record Row(String name, String pages, double score, double error, String unit) {}

  static MicroReport of(Collection<RunResult> results) {
    List<Row> rows = new ArrayList<>();
    for (RunResult result : results) {
      String benchmark = result.getParams().getBenchmark();
      String className = benchmark.substring(0, benchmark.lastIndexOf('.'));
      Result<?> primary = result.getPrimaryResult();
      String pages = result.getParams().getParam("pages");
      rows.add(
          new Row(
              benchmark.substring(className.lastIndexOf('.') + 1),
              pages == null ? "" : pages,
              primary.getScore(),
              primary.getScoreError(),
              primary.getScoreUnit()));
    }
    rows.sort(Comparator.comparing(Row::name).thenComparing(row -> row.pages().length()));
    return new MicroReport(List.copyOf(rows));
  }

  @Override
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("benchmark", "micro");
    root.set("host", Host.json());
    ArrayNode all = root.putArray("results");
    for (Row row : rows) {
      ObjectNode result = all.addObject();
      result.put("name", row.name());
      if (!row.pages().isEmpty()) {
        result.put("pages", Integer.parseInt(row.pages()));
      }
      result.put("score", Samples.rounded(row.score()));
      if (Double.isFinite(row.error())) {
        result.put("error", Samples.rounded(row.error()));
      }
      result.put("unit", row.unit());
    }
    return root;
  }

  @Override
  public String table() {
    List<String> lines = new ArrayList<>();
    lines.add(Host.text() + "; means, half of the 99.9 % confidence interval");
    lines.add("");
    for (Row row : rows) {
      lines.add(
          String.format(
              Locale.ROOT,
              "  %-38s %5s  %10.3f %-8s %s",
              row.name(),
              row.pages(),
              row.score(),
              row.unit(),
              Double.isFinite(row.error())
                  ? String.format(Locale.ROOT, "+- %.3f", row.error())
                  : ""));
    }
    return String.join(System.lineSeparator(), lines);
  }
}
