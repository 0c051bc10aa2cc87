package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.log.EvidenceReport;
import java.nio.file.Path;

/** What an evidence file holds, for people or as JSON. Stateless. */
final class EvidenceText {
  private EvidenceText() {}

  /** Of a file that was written; the whole text, with its last line ended. */
  static String exported(Path file, EvidenceReport report, boolean json) {
    return whole(json ? Json.pretty(json(file, report)) : text("exported", file, report));
  }

  /**
   * Of a file that was verified.
   *
   * @param isIdentified whether it was proven to be of this VM and run
   */
  static String verified(Path file, EvidenceReport report, boolean isIdentified, boolean json) {
    return whole(
        json
            ? Json.pretty(json(file, report).put("identityProven", isIdentified))
            : text("verified", file, report));
  }

  private static String whole(String text) {
    return text + System.lineSeparator();
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

  private static ObjectNode json(Path file, EvidenceReport report) {
    return Json.object()
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
        .put("program", report.program());
  }
}
