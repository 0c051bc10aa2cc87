package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.replay.OfflineReplay;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.schemas.VmId;
import java.util.ArrayList;
import java.util.List;

/**
 * Several replays of one run, which must be the same in everything that can be seen from outside:
 * what was verified, where the machine stands in the end, and each byte on the console. Owned by
 * one thread.
 */
final class ReplaySeries {
  private final VmId vm;
  private final int planned;
  private final List<Long> millis = new ArrayList<>();
  private OfflineReplay.Report report;
  private String consoleSha256;

  ReplaySeries(VmId vm, int planned) {
    this.vm = vm;
    this.planned = planned;
  }

  /**
   * One more replay has been verified.
   *
   * @param sha256 digest of what the guest said, hexadecimal
   * @throws ReplayDivergenceException if it is not as the first
   */
  void add(OfflineReplay.Report done, String sha256, long elapsedMillis) {
    if (report == null) {
      report = done;
      consoleSha256 = sha256;
    }
    int number = millis.size() + 1;
    requireSame(number, "console sha256", consoleSha256, sha256);
    requireSame(number, "outcome", report.toString(), done.toString());
    millis.add(elapsedMillis);
  }

  private void requireSame(int number, String what, String first, String here) {
    if (!first.equals(here)) {
      throw new ReplayDivergenceException(
          "replays differ from each other, though each agrees with the log: vm="
              + vm
              + " replay="
              + number
              + " of "
              + planned
              + ": "
              + what
              + " of the first="
              + first
              + " of this="
              + here);
    }
  }

  /** What the first replay verified; null before. */
  OfflineReplay.Report report() {
    return report;
  }

  ObjectNode json() {
    ObjectNode json =
        Json.object()
            .put("vm", vm.text())
            .put("run", report.run().toString())
            .put("replays", millis.size())
            .put("snapshot", report.snapshot() == null ? null : report.snapshot().toString())
            .put("firstEpoch", report.firstEpoch())
            .put("verifiedEpochs", report.epochs())
            .put("events", report.events())
            .put("lastEpoch", report.lastEpoch())
            .put("term", report.term())
            .put("position", report.position())
            .put("virtualNanos", report.virtualNanos())
            .put("outputFrom", report.outputFrom())
            .put("outputBytes", report.outputBytes())
            .put("consoleSha256", consoleSha256)
            .put("registersDigest", Json.hex(report.digest().registers()))
            .put("devicesDigest", Json.hex(report.digest().devices()))
            .put("memoryDigest", Json.hex(report.digest().memory()))
            .put("ended", report.ended())
            .put("hash", report.chain().hashHex())
            .put("elapsedMillis", totalMillis());
    ArrayNode each = json.putArray("replayMillis");
    millis.forEach(each::add);
    return json;
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "verified: vm=%s run=%s epochs=%d events=%d firstEpoch=%d lastEpoch=%d term=%d%n",
            vm,
            report.run(),
            report.epochs(),
            report.events(),
            report.firstEpoch(),
            report.lastEpoch(),
            report.term()));
    if (report.snapshot() != null) {
      text.append(String.format("begins:   with snapshot %s%n", report.snapshot()));
    }
    text.append(
        String.format(
            "machine:  position=%d virtualSeconds=%.3f outputBytes=%d ended=%s%n",
            report.position(),
            report.virtualNanos() / 1e9,
            report.outputBytes(),
            report.ended() == null ? "no" : Printable.line(report.ended())));
    text.append(
        String.format(
            "digests:  registers=%s devices=%s memory=%s%n",
            Json.hex(report.digest().registers()),
            Json.hex(report.digest().devices()),
            Json.hex(report.digest().memory())));
    text.append(String.format("console:  from=%d sha256=%s%n", report.outputFrom(), consoleSha256));
    text.append(String.format("chain:    hash=%s%n", report.chain().hashHex()));
    text.append(
        String.format(
            "every epoch's digests and its place in the hash chain are right (%.1f s)%n",
            totalMillis() / 1e3));
    if (millis.size() > 1) {
      List<String> seconds =
          millis.stream().map(each -> String.format("%.1f", each / 1e3)).toList();
      text.append(
          String.format(
              "all %d replays are the same (%s s)%n", millis.size(), String.join(", ", seconds)));
    }
    return text.toString();
  }

  private long totalMillis() {
    return millis.stream().mapToLong(Long::longValue).sum();
  }
}
