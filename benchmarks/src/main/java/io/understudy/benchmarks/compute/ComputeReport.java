package io.understudy.benchmarks.compute;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.benchmarks.Host;
import io.understudy.benchmarks.Report;
import io.understudy.benchmarks.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What a series of runs found. A figure that no run has is null. Immutable.
 *
 * @param clock the runs' logical clock
 * @param seed of the first run; each further one has the next
 * @param rounds the runs
 */
record ComputeReport(String clock, long seed, List<Round> rounds) implements Report {
  private static final double MICROS_PER_MILLI = 1000;
  private static final double P99 = 0.99;

  /** Copies the list. */
  ComputeReport {
    rounds = List.copyOf(rounds);
  }

  /** Runs whose replay differs from the recording. */
  long mismatches() {
    return rounds.stream().filter(round -> !round.matches()).count();
  }

  private long preemptions() {
    return rounds.stream().mapToLong(round -> round.points().preemptions()).sum();
  }

  private long transfers() {
    return rounds.stream().mapToLong(round -> round.points().transfers()).sum();
  }

  private double worstTickMillis() {
    long micros = rounds.stream().mapToLong(Round::worstTickDelayMicros).max().orElse(0);
    return micros / MICROS_PER_MILLI;
  }

  private Optional<Samples> samples(Function<Round, OptionalDouble> figure) {
    return samplesOf(
        rounds.stream().map(figure).flatMapToDouble(OptionalDouble::stream).boxed().toList());
  }

  private static Optional<Samples> samplesOf(List<? extends Number> figures) {
    return figures.isEmpty() ? Optional.empty() : Optional.of(new Samples(figures));
  }

  private static OptionalDouble finite(double figure) {
    return Double.isFinite(figure) ? OptionalDouble.of(figure) : OptionalDouble.empty();
  }

  private Optional<Samples> recordOverPlain() {
    return samples(Round::recordOverPlain);
  }

  private Optional<Samples> replayOverRecord() {
    return samples(Round::replayOverRecord);
  }

  private Optional<Samples> plainSpeed() {
    return samples(round -> finite(round.plainSpeed()));
  }

  private Optional<Samples> recordedSpeed() {
    return samples(round -> finite(round.recordedSpeed()));
  }

  private Optional<Samples> bytesPerSecond() {
    return samples(round -> finite(round.bytesPerSecond()));
  }

  private Optional<Samples> bytesPerForcedPoint() {
    return samplesOf(rounds.stream().flatMap(round -> round.points().bytes().stream()).toList());
  }

  @Override
  public ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("benchmark", "compute");
    root.set("host", Host.json());
    root.put("clock", clock);
    root.put("seed", seed);
    root.put("runs", rounds.size());
    root.put("mismatches", mismatches());
    root.put("forcedPoints", preemptions() + transfers());
    root.put("preemptions", preemptions());
    root.put("transfers", transfers());
    root.put("recordOverPlain", median(recordOverPlain()));
    root.put("replayOverRecord", median(replayOverRecord()));
    root.putObject("instructionsPerSecond")
        .put("plain", median(plainSpeed()))
        .put("recorded", median(recordedSpeed()));
    root.putObject("bytesPerForcedPoint")
        .put("median", median(bytesPerForcedPoint()))
        .put("p99", p99(bytesPerForcedPoint()));
    root.put("bytesPerSecond", median(bytesPerSecond()));
    root.put("worstInterruptDelayMillis", Samples.rounded(worstTickMillis()));
    return root;
  }

  private static Double median(Optional<Samples> figures) {
    return figures.map(found -> Samples.rounded(found.median())).orElse(null);
  }

  private static Double p99(Optional<Samples> figures) {
    return figures.map(found -> Samples.rounded(found.quantile(P99))).orElse(null);
  }

  @Override
  public String table() {
    List<String> lines = new ArrayList<>();
    lines.add(Host.text() + "; medians of " + rounds.size() + " runs [smallest, largest]");
    lines.add("");
    row(lines, "clock", clock);
    row(lines, "replays that differ", Long.toString(mismatches()));
    row(
        lines,
        "places between exits",
        String.format(
            Locale.ROOT, "%d counted, %d with the guest's state", preemptions(), transfers()));
    row(lines, "computing: plain", text(plainSpeed(), "instructions/s"));
    row(lines, "computing: recorded", text(recordedSpeed(), "instructions/s"));
    row(lines, "  recorded / plain", text(recordOverPlain(), "x "));
    row(lines, "replayed / recorded", text(replayOverRecord(), "x "));
    row(lines, "log per place", text(bytesPerForcedPoint(), "B "));
    row(lines, "log while computing", text(bytesPerSecond(), "B/s"));
    row(lines, "latest tick", String.format(Locale.ROOT, "%.1f ms", worstTickMillis()));
    return String.join(System.lineSeparator(), lines);
  }

  private static String text(Optional<Samples> figures, String unit) {
    return figures.map(found -> found.text(unit).trim()).orElse("not measured");
  }

  private static void row(List<String> lines, String name, String value) {
    lines.add(String.format(Locale.ROOT, "  %-26s %s", name, value));
  }
}
