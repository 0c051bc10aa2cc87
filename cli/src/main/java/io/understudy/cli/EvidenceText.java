package io.understudy.cli;

import io.understudy.log.EvidenceReport;
import java.nio.file.Path;

/** What an evidence file holds, for people or as JSON. Stateless. */
final class EvidenceText {
  private EvidenceText() {}

  /**
   * The whole text, with its last line ended.
   *
   * @param verb what was done with the file
   */
  static String of(String verb, Path file, EvidenceReport report, boolean json) {
    return (json ? json(file, report) : text(verb, file, report)) + System.lineSeparator();
  }

  private static String text(String verb, Path file, EvidenceReport report) {
    return String.format(
        "%s: file=%s vm=%s run=%s%n"
            + "  epochs %d to %d (%d, %d events), term %d, %d partitions, %d bytes, by %s%n"
            + "  hash before epoch %d: %s%n"
            + "  hash after epoch %d:  %s",
        verb,
        file,
        report.vm(),
        report.run(),
        report.firstEpoch(),
        report.lastEpoch(),
        report.epochs(),
        report.events(),
        report.term(),
        report.partitions(),
        report.sizeBytes(),
        report.program(),
        report.firstEpoch(),
        report.previousHash(),
        report.lastEpoch(),
        report.hash());
  }

  private static String json(Path file, EvidenceReport report) {
    return Json.pretty(
        Json.object()
            .put("file", file.toString())
            .put("vm", report.vm().text())
            .put("run", report.run().toString())
            .put("firstEpoch", report.firstEpoch())
            .put("lastEpoch", report.lastEpoch())
            .put("term", report.term())
            .put("epochs", report.epochs())
            .put("events", report.events())
            .put("partitions", report.partitions())
            .put("previousHash", report.previousHash())
            .put("hash", report.hash())
            .put("bytes", report.sizeBytes())
            .put("program", report.program()));
  }
}
