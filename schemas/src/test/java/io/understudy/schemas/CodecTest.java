package io.understudy.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.avro.Event;
import io.understudy.schemas.avro.Snapshot;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

class CodecTest {
  private static final byte[] WIRE = EventCodec.encode(Samples.events().get("Event-ConsoleInput"));

  @Property(tries = 300)
  void eventComesBackEqual_whenEncodedAndDecoded(
      @ForAll @LongRange(min = 1) long term,
      @ForAll @LongRange(min = 0) long epoch,
      @ForAll @LongRange(min = 0) long sequence,
      @ForAll @LongRange(min = 0) long position,
      @ForAll long rip,
      @ForAll long registers,
      @ForAll @Size(min = 1, max = 4096) byte[] input) {
    EventRecord record =
        new EventRecord(
            "a",
            new UUID(rip, registers),
            term,
            epoch,
            sequence,
            position,
            rip,
            registers,
            new GuestEvent.ConsoleInput(input));
    assertThat(EventCodec.decode(EventCodec.encode(record))).isEqualTo(record);
  }

  @Test
  void decodeThrowsSchemaExceptionOnly_whenBytesAreRandomOrBroken() {
    Random random = new Random(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] broken = WIRE.clone();
      for (int flip = 0; flip <= round % 8; flip++) {
        broken[random.nextInt(broken.length)] = (byte) random.nextInt();
      }
      try {
        EventCodec.decode(broken);
      } catch (SchemaException expected) {
        assertThat(expected).hasMessageContaining("Event");
      }
    }
  }

  @Test
  void decodeRefuses_whenTruncatedAnywhere() {
    for (int length = 0; length < WIRE.length; length++) {
      byte[] truncated = Arrays.copyOf(WIRE, length);
      assertThatThrownBy(() -> EventCodec.decode(truncated))
          .as("length %d", length)
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("expected")
          .hasMessageContaining("found");
    }
  }

  @Test
  void decodeRefuses_whenBytesFollow() {
    assertThatThrownBy(() -> EventCodec.decode(Arrays.copyOf(WIRE, WIRE.length + 1)))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("trailing bytes after a Event record");
  }

  @Test
  void decodeRefuses_whenMagicIsWrong() {
    byte[] confluent = WIRE.clone();
    confluent[0] = 0;
    assertThatThrownBy(() -> EventCodec.decode(confluent))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("expected single-object magic c301, found 0001");
  }

  @Test
  void decodeRefuses_whenFingerprintIsOfAnotherType() {
    byte[] heartbeat = HeartbeatCodec.encode(Samples.heartbeat());
    assertThatThrownBy(() -> EventCodec.decode(heartbeat))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("unknown schema of a Event record")
        .hasMessageContaining("found");
  }

  @Test
  void recordsAreImmutable_whenArraysOfCallersChange() {
    byte[] bytes = {1, 2, 3};
    GuestEvent.ConsoleInput input = new GuestEvent.ConsoleInput(bytes);
    bytes[0] = 9;
    input.bytes()[1] = 9;
    assertThat(input.bytes()).containsExactly(1, 2, 3);
    assertThat(input).isEqualTo(new GuestEvent.ConsoleInput(new byte[] {1, 2, 3}));
  }

  @Test
  void constructorsRefuse_whenValuesAreOutOfRange() {
    assertThatThrownBy(() -> new GuestEvent.ConsoleInput(new byte[0]))
        .hasMessageContaining("length=0");
    assertThatThrownBy(() -> new GuestEvent.ConsoleInput(new byte[4097]))
        .hasMessageContaining("length=4097");
    assertThatThrownBy(() -> new GuestEvent.ClockAdvanced(-1)).hasMessageContaining("nanos=-1");
    for (String id : List.of("", "A", "a_b", "a.b", "x".repeat(65), "coordinators")) {
      assertThatThrownBy(() -> new VmId(id)).hasMessageContaining("vm=" + id);
    }
    assertThatThrownBy(
            () ->
                new GuestEvent.RunStarted(
                    1,
                    1,
                    "g",
                    new byte[31],
                    "",
                    "c",
                    "exit",
                    "stream",
                    0,
                    0,
                    1,
                    1,
                    new TreeMap<>(),
                    "n",
                    Attachments.NONE))
        .hasMessageContaining("imageSha256");
  }

  /** The header {@code type} says them to readers that have the schema and not our classes. */
  @Test
  void namesOfTypesAreThoseOfTheSchema() {
    assertThat(Samples.events().values())
        .extracting(record -> record.event().typeName())
        .containsExactlyInAnyOrderElementsOf(payloads(Event.getClassSchema()));
    assertThat(Samples.snapshots().values())
        .extracting(record -> record.part().typeName())
        .containsExactlyInAnyOrderElementsOf(payloads(Snapshot.getClassSchema()));
  }

  private static List<String> payloads(Schema schema) {
    return schema.getField("payload").schema().getTypes().stream().map(Schema::getName).toList();
  }

  @Test
  void heartbeatMayBeTheProbeOfACoordinator() {
    Heartbeat beat = Samples.heartbeat();
    Heartbeat probe =
        new Heartbeat(
            VmId.COORDINATORS,
            beat.run(),
            beat.node(),
            beat.incarnation(),
            NodeRole.COORDINATOR,
            "PROBE",
            0,
            -1,
            7,
            -1,
            "",
            0,
            1,
            0,
            0);
    assertThat(HeartbeatCodec.decode(HeartbeatCodec.encode(probe))).isEqualTo(probe);
  }

  @Test
  void topicNamesAreTheContract() {
    VmId vm = new VmId("ledger-1");
    assertThat(Topics.events(vm)).isEqualTo("understudy.ledger-1.events.v1");
    assertThat(Topics.snapshots(vm)).isEqualTo("understudy.ledger-1.snapshots.v1");
    assertThat(Topics.outputs(vm)).isEqualTo("understudy.ledger-1.outputs.v1");
    assertThat(Topics.transactionalId(vm)).isEqualTo("understudy.ledger-1");
    assertThat(Topics.partitionOf(7, 4)).isEqualTo(3);
  }
}
