package io.understudy.schemas;

import io.understudy.schemas.avro.DiskImage;
import io.understudy.schemas.avro.Event;
import io.understudy.schemas.avro.Sha256;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.TreeMap;

/**
 * Wire format of {@link EventRecord}: schema {@code Event.avsc}, single-object encoded.
 *
 * <p>Stateless and thread-safe. Decoding throws {@link SchemaException} and nothing else on any
 * bytes.
 */
public final class EventCodec {
  private static final AvroCodec<Event> CODEC = new AvroCodec<>(Event.getClassSchema());

  private EventCodec() {}

  /** The value of a Kafka record. */
  public static byte[] encode(EventRecord record) {
    ToAvro payload = new ToAvro();
    record.event().applyTo(payload);
    return CODEC.encode(
        new Event(
            record.vm(),
            record.run(),
            record.term(),
            record.epoch(),
            record.sequence(),
            record.position(),
            record.rip(),
            record.registers(),
            payload.result));
  }

  /** The record that {@code wire} holds, or a {@link SchemaException}. */
  public static EventRecord decode(byte[] wire) {
    Event event = CODEC.decode(wire);
    return CODEC.map(
        () ->
            new EventRecord(
                event.getVm(),
                event.getRun(),
                event.getTerm(),
                event.getEpoch(),
                event.getSequence(),
                event.getPosition(),
                event.getRip(),
                event.getRegisters(),
                fromAvro(event.getPayload())));
  }

  private static GuestEvent fromAvro(Object payload) {
    if (payload instanceof io.understudy.schemas.avro.ClockAdvanced clock) {
      return new GuestEvent.ClockAdvanced(clock.getNanos());
    }
    if (payload instanceof io.understudy.schemas.avro.ConsoleInput input) {
      return new GuestEvent.ConsoleInput(bytes(input.getBytes()));
    }
    if (payload instanceof io.understudy.schemas.avro.EpochCommitted mark) {
      return new GuestEvent.EpochCommitted(
          mark.getEventCount(),
          mark.getFirstSequence(),
          mark.getRegistersDigest(),
          mark.getDevicesDigest(),
          mark.getMemoryDigest(),
          mark.getInputOffset(),
          mark.getOutputOffset(),
          mark.getReleasedOutputOffset(),
          mark.getVirtualNanos(),
          mark.getPreviousHash().bytes(),
          mark.getHash().bytes(),
          mark.getFramesSent(),
          mark.getFramesReleased());
    }
    if (payload instanceof io.understudy.schemas.avro.FrameReceived received) {
      return new GuestEvent.FrameReceived(bytes(received.getFrame()));
    }
    if (payload instanceof io.understudy.schemas.avro.TimeRead read) {
      return new GuestEvent.TimeRead(read.getNanos());
    }
    if (payload instanceof io.understudy.schemas.avro.Preempted preempted) {
      return new GuestEvent.Preempted(preempted.getInstructions());
    }
    if (payload instanceof io.understudy.schemas.avro.StateTransferred piece) {
      return new GuestEvent.StateTransferred(
          piece.getIndex(), piece.getCount(), bytes(piece.getContent()));
    }
    if (payload instanceof io.understudy.schemas.avro.RunStarted run) {
      return new GuestEvent.RunStarted(
          run.getPartitions(),
          run.getMemoryBytes(),
          run.getGuest(),
          run.getImageSha256().bytes(),
          run.getCommandLine(),
          run.getCpuModel(),
          run.getClock(),
          run.getConsoleMode(),
          run.getWallClockEpochMillis(),
          run.getSeed(),
          run.getMachineVersion(),
          run.getMinimumReplayerVersion(),
          new TreeMap<>(run.getHostFacts()),
          run.getNode(),
          attachments(run.getAttachments()));
    }
    if (payload instanceof io.understudy.schemas.avro.TermStarted term) {
      return new GuestEvent.TermStarted(term.getNode(), term.getReason(), term.getPreviousTerm());
    }
    if (payload instanceof io.understudy.schemas.avro.RunEnded end) {
      return new GuestEvent.RunEnded(end.getReason());
    }
    throw new IllegalStateException("no mapping for payload type: " + payload.getClass());
  }

  private static Attachments attachments(io.understudy.schemas.avro.Attachments recorded) {
    if (recorded == null) {
      return Attachments.NONE;
    }
    DiskImage disk = recorded.getDisk();
    return new Attachments(
        recorded.getBoot(),
        recorded.getInitrdSha256() == null ? "" : hex(recorded.getInitrdSha256()),
        disk == null
            ? null
            : new Attachments.Disk(disk.getName(), disk.getBytes(), hex(disk.getSha256())),
        recorded.getMacAddress(),
        recorded.getConsoleDevice());
  }

  private static io.understudy.schemas.avro.Attachments toAvro(Attachments attachments) {
    if (attachments.equals(Attachments.NONE)) {
      return null;
    }
    Attachments.Disk disk = attachments.disk();
    return new io.understudy.schemas.avro.Attachments(
        attachments.boot(),
        attachments.initrdSha256().isEmpty() ? null : sha256(attachments.initrdSha256()),
        disk == null ? null : new DiskImage(disk.name(), disk.bytes(), sha256(disk.sha256())),
        attachments.macAddress(),
        attachments.consoleDevice());
  }

  private static String hex(Sha256 hash) {
    return HexFormat.of().formatHex(hash.bytes());
  }

  private static Sha256 sha256(String hex) {
    return new Sha256(HexFormat.of().parseHex(hex));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  /** Maps an event to the Avro record of the same name; used for one event. */
  private static final class ToAvro implements GuestEvent.Handler {
    private Object result;

    @Override
    public void onRunStarted(GuestEvent.RunStarted event) {
      result =
          new io.understudy.schemas.avro.RunStarted(
              event.partitions(),
              event.memoryBytes(),
              event.guest(),
              new Sha256(event.imageSha256()),
              event.commandLine(),
              event.cpuModel(),
              event.clock(),
              event.consoleMode(),
              event.wallClockEpochMillis(),
              event.seed(),
              event.machineVersion(),
              event.minimumReplayerVersion(),
              event.hostFacts(),
              event.node(),
              toAvro(event.attachments()));
    }

    @Override
    public void onTermStarted(GuestEvent.TermStarted event) {
      result =
          new io.understudy.schemas.avro.TermStarted(
              event.node(), event.reason(), event.previousTerm());
    }

    @Override
    public void onClockAdvanced(GuestEvent.ClockAdvanced event) {
      result = new io.understudy.schemas.avro.ClockAdvanced(event.nanos());
    }

    @Override
    public void onConsoleInput(GuestEvent.ConsoleInput event) {
      result = new io.understudy.schemas.avro.ConsoleInput(ByteBuffer.wrap(event.bytes()));
    }

    @Override
    public void onFrameReceived(GuestEvent.FrameReceived event) {
      result = new io.understudy.schemas.avro.FrameReceived(ByteBuffer.wrap(event.frame()));
    }

    @Override
    public void onTimeRead(GuestEvent.TimeRead event) {
      result = new io.understudy.schemas.avro.TimeRead(event.nanos());
    }

    @Override
    public void onPreempted(GuestEvent.Preempted event) {
      result = new io.understudy.schemas.avro.Preempted(event.instructions());
    }

    @Override
    public void onStateTransferred(GuestEvent.StateTransferred event) {
      result =
          new io.understudy.schemas.avro.StateTransferred(
              event.index(), event.count(), ByteBuffer.wrap(event.content()));
    }

    @Override
    public void onRunEnded(GuestEvent.RunEnded event) {
      result = new io.understudy.schemas.avro.RunEnded(event.reason());
    }

    @Override
    public void onEpochCommitted(GuestEvent.EpochCommitted event) {
      result =
          new io.understudy.schemas.avro.EpochCommitted(
              event.eventCount(),
              event.firstSequence(),
              event.registersDigest(),
              event.devicesDigest(),
              event.memoryDigest(),
              event.inputOffset(),
              event.outputOffset(),
              event.releasedOutputOffset(),
              event.virtualNanos(),
              new Sha256(event.previousHash()),
              new Sha256(event.hash()),
              event.framesSent(),
              event.framesReleased());
    }
  }
}
