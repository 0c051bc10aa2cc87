package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.Host;
import io.understudy.benchmarks.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A {@link VmsReport} for people. Owned by one thread. */
final class VmsTable {
  private final VmsReport report;
  private final List<String> lines = new ArrayList<>();

  VmsTable(VmsReport report) {
    this.report = report;
  }

  String text() {
    lines.clear();
    lines.add(
        Host.text()
            + "; "
            + (report.repetitions() == 1
                ? "one repetition"
                : "medians of " + report.repetitions() + " repetitions [smallest, largest]")
            + ", "
            + report.plan().measured().toSeconds()
            + " s each");
    for (Row row : report.rows()) {
      lines.add("");
      add(row);
    }
    return String.join(System.lineSeparator(), lines);
  }

  private void add(Row row) {
    lines.add(
        String.format(
            Locale.ROOT,
            "%d %s of %d MiB, under load %d requests/s each",
            row.vms(),
            row.vms() == 1 ? "VM" : "VMs",
            Deployment.MEMORY_MIB,
            report.plan().requestsPerSecond()));
    row("", "idle, % of a processor", "load, % of a processor", "RSS (and peak), MiB");
    for (Mode mode : Mode.values()) {
      for (Part part : mode.parts()) {
        row(
            mode.key() + ": " + part.key(),
            text(VmsReport.of(row, mode, Trial::idle, part, Cost::cpuPercent)),
            text(VmsReport.of(row, mode, Trial::load, part, Cost::cpuPercent)),
            text(VmsReport.of(row, mode, Trial::load, part, Cost::rssMib))
                + String.format(
                    Locale.ROOT,
                    " (%.0f)",
                    VmsReport.of(row, mode, Trial::load, part, Cost::peakMib).median()));
      }
      if (mode.parts().size() > 1) {
        row(
            mode.key() + ": all",
            text(row.samples(mode, trial -> trial.idle().cpuPercent())),
            text(row.samples(mode, trial -> trial.load().cpuPercent())),
            text(row.samples(mode, trial -> trial.load().rssMib())));
      }
      row(
          mode.key() + ": rest of the host",
          text(row.samples(mode, trial -> trial.idle().othersPercent())),
          text(row.samples(mode, trial -> trial.load().othersPercent())),
          "");
    }
    lines.add("");
    row("", "idle", "load", "");
    for (Mode mode : Mode.values()) {
      latencies(row, mode);
    }
    for (Mode mode : Mode.values()) {
      if (mode.isLogged()) {
        row(
            mode.key() + ": log, B/s for each VM",
            text(row.samples(mode, trial -> trial.idle().logGrowth())),
            text(row.samples(mode, trial -> trial.load().logGrowth())),
            "");
      }
    }
    for (Ratio ratio : Ratio.values()) {
      row(
          ratio.text(),
          ratio.needsLoad() ? "" : ratio(ratio.of(row, Trial::idle)),
          ratio(ratio.of(row, Trial::load)),
          "");
    }
    warnings(row);
  }

  private void latencies(Row row, Mode mode) {
    row(mode.key() + ": p50, ms", "", fine(row.samples(mode, Trial::p50Millis)), "");
    row(mode.key() + ": p99, ms", "", fine(row.samples(mode, Trial::p99Millis)), "");
  }

  /** What would make the figures say something else than they seem to. */
  private void warnings(Row row) {
    for (Mode mode : Mode.values()) {
      if (!row.isCarried(mode)) {
        lines.add(
            String.format(
                Locale.ROOT,
                "  %s: not all of %d requests/s were carried, but %s: its latencies say how far the"
                    + " load ran ahead, its processor time is that of less work",
                mode.key(),
                row.vms() * report.plan().requestsPerSecond(),
                text(row.samples(mode, Trial::answeredPerSecond))));
      }
      if (row.lagging(mode) > 0) {
        lines.add(
            String.format(
                Locale.ROOT,
                "  %s: the standby of a VM was not close enough at the end of a phase, times: %d",
                mode.key(),
                row.lagging(mode)));
      }
    }
  }

  private void row(String name, String idle, String load, String memory) {
    String line = String.format(Locale.ROOT, "  %-44s %-24s %-24s %s", name, idle, load, memory);
    lines.add(line.stripTrailing());
  }

  private static String ratio(Optional<Samples> figures) {
    return figures.map(VmsTable::fine).orElse("not measured");
  }

  private static String text(Samples figures) {
    return text(figures, "%.1f");
  }

  private static String fine(Samples figures) {
    return text(figures, "%.2f");
  }

  /** The median, and the range if there is one. */
  private static String text(Samples figures, String format) {
    String median = String.format(Locale.ROOT, format, figures.median());
    return figures.count() == 1
        ? median
        : median
            + String.format(
                Locale.ROOT, " [" + format + ", " + format + "]", figures.min(), figures.max());
  }
}
