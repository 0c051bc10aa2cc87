package io.understudy.cli.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What the demo found. Immutable.
 *
 * @param traffic what the clients saw
 * @param phases the failover
 * @param log the run's log
 * @param replayLagEpochs epochs that the standby was behind just before the kill
 * @param digestsVerified digests that the standby compared before it was promoted
 * @param digestMismatches those that differed
 * @param replay the replay of the log afterwards
 */
record DemoReport(
    HistoryChecker.Result traffic,
    FailoverPhases phases,
    EventLogSize log,
    long replayLagEpochs,
    long digestsVerified,
    long digestMismatches,
    Replay replay) {

  /**
   * A replay from the log in a fresh process.
   *
   * @param epochs epochs whose digests were compared and were equal
   * @param passed whether all were
   */
  record Replay(long epochs, boolean passed) {}

  /** Whether everything that Understudy promises was kept. */
  boolean passes() {
    return traffic.isClean()
        && digestsVerified > 0
        && digestMismatches == 0
        && replay.passed()
        && replay.epochs() == log.epochs();
  }

  /** One JSON object in one line. */
  String json() {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("acknowledged", traffic.acknowledged());
    root.put("lost", traffic.lost());
    root.put("duplicated", traffic.duplicated());
    root.put("pauseMillis", pauseMillis());
    ObjectNode failover = root.putObject("failoverMillis");
    phases.byName().forEach(failover::put);
    root.put("replayLagEpochs", replayLagEpochs);
    root.put("epochs", log.epochs());
    root.put("events", log.events());
    root.put("logBytes", log.bytes());
    root.put("bytesPerEvent", Math.round(log.bytesPerEvent() * 10) / 10.0);
    root.put("digestsVerified", digestsVerified);
    root.put("digestMismatches", digestMismatches);
    root.put("replayEpochsVerified", replay.epochs());
    root.put("replayPassed", replay.passed());
    var found = root.putArray("violations");
    traffic.violations().forEach(found::add);
    root.put("verdict", verdict());
    try {
      return mapper.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of numbers and texts cannot be written", e);
    }
  }

  /** A table for people. */
  String table() {
    List<String> lines = new ArrayList<>();
    row(lines, "requests acknowledged", Long.toString(traffic.acknowledged()));
    row(lines, "lost", Long.toString(traffic.lost()));
    row(lines, "duplicated", Long.toString(traffic.duplicated()));
    row(lines, "longest client pause", pauseMillis() + " ms");
    for (Map.Entry<String, Long> phase : phases.byName().entrySet()) {
      row(lines, "failover: " + phase.getKey(), phase.getValue() + " ms");
    }
    row(lines, "replay lag before the kill", replayLagEpochs + " epochs");
    row(lines, "epochs committed", Long.toString(log.epochs()));
    row(lines, "events", Long.toString(log.events()));
    row(lines, "log per event", String.format(Locale.ROOT, "%.1f bytes", log.bytesPerEvent()));
    row(
        lines,
        "digests verified by the standby",
        digestsVerified + ", " + digestMismatches + " differed");
    row(
        lines,
        "replay of the log",
        replay.epochs() + " epochs " + (replay.passed() ? "verified" : "NOT VERIFIED"));
    traffic.violations().forEach(violation -> row(lines, "violation", violation));
    row(lines, "verdict", verdict());
    return String.join(System.lineSeparator(), lines);
  }

  private long pauseMillis() {
    return TimeUnit.NANOSECONDS.toMillis(traffic.longestPauseNanos());
  }

  private String verdict() {
    return passes() ? "PASS" : "FAIL";
  }

  private static void row(List<String> lines, String name, String value) {
    lines.add(String.format(Locale.ROOT, "%-32s %s", name, value));
  }
}
