package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.VmId;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Counts events and their bytes by type. The bytes are those of the record's value, before Kafka
 * compresses. Owned by one thread.
 */
final class LogSummary {
  private static final class Tally {
    private long count;
    private long bytes;
  }

  private final SortedMap<String, Tally> tallies = new TreeMap<>();
  private long firstEpoch = -1;
  private long lastEpoch = -1;
  private long term;

  void add(EventRecord record) {
    Tally tally = tallies.computeIfAbsent(record.event().typeName(), type -> new Tally());
    tally.count++;
    tally.bytes += EventCodec.encode(record).length;
    firstEpoch = firstEpoch < 0 ? record.epoch() : firstEpoch;
    lastEpoch = record.epoch();
    term = record.term();
  }

  String table() {
    StringBuilder text = new StringBuilder();
    text.append(String.format("%-16s %12s %14s %10s%n", "TYPE", "EVENTS", "BYTES", "MEAN"));
    tallies.forEach((type, tally) -> text.append(row(type, tally)));
    text.append(row("total", total()));
    text.append(String.format("epochs %d to %d, term %d%n", firstEpoch, lastEpoch, term));
    return text.toString();
  }

  ObjectNode json(VmId vm) {
    ObjectNode json =
        Json.object()
            .put("vm", vm.text())
            .put("firstEpoch", firstEpoch)
            .put("lastEpoch", lastEpoch)
            .put("term", term)
            .put("events", total().count)
            .put("bytes", total().bytes);
    ObjectNode types = json.putObject("types");
    tallies.forEach(
        (type, tally) ->
            types.putObject(type).put("events", tally.count).put("bytes", tally.bytes));
    return json;
  }

  private Tally total() {
    Tally total = new Tally();
    for (Tally tally : tallies.values()) {
      total.count += tally.count;
      total.bytes += tally.bytes;
    }
    return total;
  }

  private static String row(String type, Tally tally) {
    return String.format(
        "%-16s %12d %14d %10.1f%n",
        type,
        tally.count,
        tally.bytes,
        tally.count == 0 ? 0.0 : (double) tally.bytes / tally.count);
  }
}
