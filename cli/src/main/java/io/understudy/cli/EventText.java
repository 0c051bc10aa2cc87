package io.understudy.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.understudy.schemas.Attachments;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.HexFormat;
import java.util.Locale;

/** An event as one line for people or one JSON object. Stateless. */
final class EventText {
  /** Three digits of the second, whatever they are: columns stay columns. */
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

  private EventText() {}

  /** When it was committed, its place in the log and in the run, then the event. */
  static String line(long committedAtMillis, EventRecord record) {
    return String.format(
        "%s %8d %5d %10d %12d %s %s",
        TIME.format(Instant.ofEpochMilli(committedAtMillis)),
        record.epoch(),
        record.term(),
        record.sequence(),
        record.position(),
        Json.hex(record.rip()),
        Printable.line(record.event().toString()));
  }

  /** The head of {@link #line}'s columns. */
  static String heading() {
    return String.format(
        "%-24s %8s %5s %10s %12s %-18s %s",
        "COMMITTED", "EPOCH", "TERM", "SEQUENCE", "POSITION", "RIP", "EVENT");
  }

  static ObjectNode json(long committedAtMillis, EventRecord record) {
    ObjectNode json =
        Json.object()
            .put("vm", record.vm())
            .put("run", record.run().toString())
            .put("term", record.term())
            .put("epoch", record.epoch())
            .put("committedAtMillis", committedAtMillis)
            .put("sequence", record.sequence())
            .put("position", record.position())
            .put("rip", Json.hex(record.rip()))
            .put("registers", Json.hex(record.registers()))
            .put("type", record.event().typeName());
    record.event().applyTo(new ToJson(json));
    return json;
  }

  /** Adds what is particular to a type of event. */
  private static final class ToJson implements GuestEvent.Handler {
    private final ObjectNode json;

    private ToJson(ObjectNode json) {
      this.json = json;
    }

    @Override
    public void onRunStarted(GuestEvent.RunStarted event) {
      json.put("partitions", event.partitions())
          .put("memoryBytes", event.memoryBytes())
          .put("guest", event.guest())
          .put("imageSha256", HexFormat.of().formatHex(event.imageSha256()))
          .put("commandLine", event.commandLine())
          .put("cpuModel", event.cpuModel())
          .put("clock", event.clock())
          .put("consoleMode", event.consoleMode())
          .put("wallClockEpochMillis", event.wallClockEpochMillis())
          .put("seed", Json.hex(event.seed()))
          .put("machineVersion", event.machineVersion())
          .put("minimumReplayerVersion", event.minimumReplayerVersion())
          .put("node", event.node());
      ObjectNode facts = json.putObject("hostFacts");
      event.hostFacts().forEach(facts::put);
      attach(event.attachments(), json.putObject("attachments"));
    }

    private static void attach(Attachments attachments, ObjectNode into) {
      into.put("boot", attachments.boot())
          .put("initrdSha256", attachments.initrdSha256())
          .put("macAddress", attachments.macAddress())
          .put("consoleDevice", attachments.consoleDevice());
      if (attachments.disk() != null) {
        into.putObject("disk")
            .put("name", attachments.disk().name())
            .put("bytes", attachments.disk().bytes())
            .put("sha256", attachments.disk().sha256());
      }
    }

    @Override
    public void onTermStarted(GuestEvent.TermStarted event) {
      json.put("node", event.node())
          .put("reason", event.reason())
          .put("previousTerm", event.previousTerm());
    }

    @Override
    public void onClockAdvanced(GuestEvent.ClockAdvanced event) {
      json.put("nanos", event.nanos());
    }

    @Override
    public void onConsoleInput(GuestEvent.ConsoleInput event) {
      json.put("bytes", HexFormat.of().formatHex(event.bytes()));
    }

    @Override
    public void onFrameReceived(GuestEvent.FrameReceived event) {
      json.put("frame", HexFormat.of().formatHex(event.frame()));
    }

    @Override
    public void onTimeRead(GuestEvent.TimeRead event) {
      json.put("nanos", event.nanos());
    }

    @Override
    public void onPreempted(GuestEvent.Preempted event) {
      json.put("instructions", event.instructions());
    }

    @Override
    public void onStateTransferred(GuestEvent.StateTransferred event) {
      json.put("index", event.index()).put("count", event.count()).put("size", event.size());
    }

    @Override
    public void onRunEnded(GuestEvent.RunEnded event) {
      json.put("reason", event.reason());
    }

    @Override
    public void onEpochCommitted(GuestEvent.EpochCommitted event) {
      json.put("eventCount", event.eventCount())
          .put("firstSequence", event.firstSequence())
          .put("registersDigest", Json.hex(event.registersDigest()))
          .put("devicesDigest", Json.hex(event.devicesDigest()))
          .put("memoryDigest", Json.hex(event.memoryDigest()))
          .put("inputOffset", event.inputOffset())
          .put("outputOffset", event.outputOffset())
          .put("releasedOutputOffset", event.releasedOutputOffset())
          .put("virtualNanos", event.virtualNanos())
          .put("previousHash", HexFormat.of().formatHex(event.previousHash()))
          .put("hash", HexFormat.of().formatHex(event.hash()))
          .put("framesSent", event.framesSent())
          .put("framesReleased", event.framesReleased());
    }
  }
}
