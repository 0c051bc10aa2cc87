package io.understudy.benchmarks.micro;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.benchmarks.Host;
import io.understudy.benchmarks.Report;
import io.understudy.benchmarks.Samples;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

/** What JMH found. Immutable. */
record MicroReport(List<Row> rows) implements Report {
  /**
   * One benchmark with one set of parameters.
   *
   * @param name class and method
   * @param pages value of the parameter of that name, or "" where there is none
   * @param time of an operation: the mean of each iteration
   * @param unit of the time
   */
  record Row(String name, String pages, Samples time, String unit) {}

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
              iterations(primary.getStatistics()),
              primary.getScoreUnit()));
    }
    rows.sort(Comparator.comparing(Row::name).thenComparing(row -> row.pages().length()));
    return new MicroReport(List.copyOf(rows));
  }

  /** One busy moment of the host spoils a mean, so the iterations are kept. */
  private static Samples iterations(Statistics statistics) {
    List<Double> times = new ArrayList<>();
    statistics
        .getRawData()
        .forEachRemaining(
            entry ->
                times.addAll(Collections.nCopies(entry.getValue().intValue(), entry.getKey())));
    return new Samples(times);
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
      result.put("unit", row.unit());
      result.set("time", row.time().json());
    }
    return root;
  }

  @Override
  public String table() {
    List<String> lines = new ArrayList<>();
    lines.add(Host.text() + "; medians of iterations [smallest, largest]");
    lines.add("");
    for (Row row : rows) {
      lines.add(
          String.format(
              Locale.ROOT, "  %-38s %5s %s", row.name(), row.pages(), row.time().text(row.unit())));
    }
    return String.join(System.lineSeparator(), lines);
  }
}
