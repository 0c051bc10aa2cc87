package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.log.StoredSnapshot;
import io.understudy.schemas.SnapshotPart;
import java.time.Instant;
import java.util.HexFormat;

/** How snapshots are shown. Stateless. */
final class SnapshotText {
  private static final String FORMAT = "%-8s %-36s %10s %8s %10s %6s %9s %8s %-24s %s%n";

  private SnapshotText() {}

  static String heading() {
    return FORMAT.formatted(
        "EPOCH",
        "SNAPSHOT",
        "SINCE",
        "PAGES",
        "BYTES",
        "ROUNDS",
        "PAUSE_US",
        "VERIFIED",
        "TAKEN",
        "NODE");
  }

  static String line(StoredSnapshot snapshot) {
    SnapshotPart.Completed manifest = snapshot.manifest();
    return FORMAT.formatted(
        manifest.epoch(),
        snapshot.id(),
        manifest.isComplete() ? "-" : manifest.sinceEpoch(),
        manifest.pages(),
        manifest.bytes(),
        manifest.rounds(),
        manifest.pauseMicros(),
        snapshot.verified() ? "yes" : "no",
        Instant.ofEpochMilli(manifest.completedAtMillis()),
        manifest.node());
  }

  static ObjectNode json(StoredSnapshot snapshot) {
    SnapshotPart.Completed manifest = snapshot.manifest();
    return Json.object()
        .put("vm", snapshot.vm().text())
        .put("run", snapshot.run().toString())
        .put("snapshot", snapshot.id().toString())
        .put("term", snapshot.term())
        .put("epoch", manifest.epoch())
        .put("sinceEpoch", manifest.sinceEpoch())
        .put("position", manifest.position())
        .put("hash", HexFormat.of().formatHex(manifest.hash()))
        .put("pages", manifest.pages())
        .put("bytes", manifest.bytes())
        .put("pieces", manifest.pieces())
        .put("rounds", manifest.rounds())
        .put("pauseMicros", manifest.pauseMicros())
        .put("millis", manifest.completedAtMillis() - manifest.startedAtMillis())
        .put("completedAtMillis", manifest.completedAtMillis())
        .put("node", manifest.node())
        .put("verified", snapshot.verified());
  }
}
