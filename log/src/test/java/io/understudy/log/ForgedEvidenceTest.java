package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.EvidenceFiles.Forger;
import io.understudy.schemas.EventCodec;
import io.understudy.schemas.EventRecord;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Evidence by somebody who knows the format and means no good: each has a right checksum. */
@Timeout(120)
class ForgedEvidenceTest {
  private static final int LAST = RawLog.EPOCHS - 1;
  private static final long HUGE = 1L << 62;

  @TempDir private Path dir;
  private final RawLog log = new RawLog();

  private Forger forger() {
    return new Forger(EvidenceFiles.header(log, 0, EvidenceFiles.endAt(log, LAST)));
  }

  private EvidenceReport verify(Forger forger) throws IOException {
    return EvidenceFiles.verify(forger.write(dir.resolve("forged")));
  }

  private List<EvidenceRecord> all() {
    return EvidenceFiles.records(log, 0, LAST);
  }

  @Test
  void isVerified_whenNothingIsForged() throws IOException {
    Forger forger = forger();
    for (EvidenceRecord record : all()) {
      forger.add(EvidenceFiles.block(List.of(record)));
    }

    assertThat(verify(forger).lastEpoch()).isEqualTo(LAST);
  }

  private static Stream<Arguments> lies() {
    return Stream.of(
        lie("out of range", new Forger.Block(HUGE, -1, new byte[1])),
        lie("out of range", new Forger.Block(0, -1, new byte[1])),
        lie("out of range", new Forger.Block(-5, -1, new byte[1])),
        lie("length of block is out of range", new Forger.Block(1, HUGE, new byte[1])),
        lie("length of block is out of range", new Forger.Block(1, 1 << 30, new byte[1])),
        lie("ends too early", new Forger.Block(1, 1 << 20, new byte[1])),
        lie("not compressed as it says", new Forger.Block(1, -1, new byte[] {-1, -1, -1})),
        lie("cut off or too long", new Forger.Block(1, -1, new byte[0])),
        lie("cut off or too long", new Forger.Block(1, -1, Forger.deflated(new byte[8 << 20]))),
        lie("behind the compressed", new Forger.Block(1, -1, longer(new byte[10]))),
        datum("ends too early", out -> out.writeInt(0)),
        datum("partition is out of range", out -> out.writeInt(RawLog.PARTITIONS)),
        datum("partition is out of range", out -> out.writeLong(HUGE)),
        datum("partition is out of range", out -> out.writeInt(-1)),
        datum(
            "offset is out of range",
            out -> {
              out.writeInt(0);
              out.writeLong(-1);
            }),
        datum(
            "offset is no number",
            out -> {
              out.writeInt(0);
              out.writeFixed(filled(10));
            }),
        datum("branch of the key is out of range", out -> begin(out).writeInt(2)),
        datum(
            "length of key is out of range",
            out -> {
              begin(out).writeInt(1);
              out.writeLong(HUGE);
            }),
        datum("length of value is out of range", out -> noKey(out).writeLong(HUGE)),
        datum("length of value is out of range", out -> noKey(out).writeLong(1 << 30)),
        datum("length of value is out of range", out -> noKey(out).writeLong(-1)),
        datum("ends too early", out -> noKey(out).writeLong(900 * 1024)),
        datum("unreadable record", out -> noKey(out).writeBytes(new byte[20])),
        datum("unreadable record", out -> noKey(out).writeBytes(new byte[0])),
        datum(
            "block holds more than its records",
            out -> {
              noKey(out).writeBytes(new byte[0]);
              out.writeInt(1);
            }));
  }

  @ParameterizedTest(name = "{index}: {0}")
  @MethodSource("lies")
  void isRefusedWithAPlace_whenSizesAndNumbersLie(String what, Forger.Block block)
      throws IOException {
    assertThatThrownBy(() -> verify(forger().add(block)))
        .isInstanceOf(LogException.class)
        .hasMessageContaining(what)
        .hasMessageContaining("expected=")
        .hasMessageContaining("actual=");
  }

  private static Stream<Arguments> headers() {
    String digits = "9".repeat(18);
    return Stream.of(
        Arguments.of("understudy.format", "2", "understudy.format expected=1 actual=2"),
        Arguments.of("understudy.format", null, "metadata expected=understudy.format"),
        Arguments.of("understudy.vm", "A", "a VM id must be"),
        Arguments.of("understudy.run", "1-1-1-1-1", "understudy.run expected=00000001"),
        Arguments.of("understudy.run", "x", "Invalid UUID"),
        Arguments.of("understudy.partitions", "0", "partitions must be 1 to 10000"),
        Arguments.of("understudy.partitions", digits, "partitions must be 1 to 10000"),
        Arguments.of("understudy.partitions", "-1", "expected=1 to 18 digits actual=-1"),
        Arguments.of("understudy.firstEpoch", "1", "impossible chain state"),
        Arguments.of("understudy.firstSequence", "1", "what the first epoch continues"),
        Arguments.of("understudy.previousTerm", "1", "impossible chain state"),
        Arguments.of("understudy.previousHash", "0", "expected=64 hexadecimal digits actual=0"),
        Arguments.of("understudy.previousHash", "1".repeat(64), "what the first epoch continues"),
        Arguments.of("understudy.lastEpoch", "1" + digits, "expected=1 to 18 digits"),
        Arguments.of("understudy.hash", "G".repeat(64), "expected=64 hexadecimal digits"),
        Arguments.of("understudy.program", "", "printable ASCII"),
        Arguments.of("understudy.program", "\u001b[2J", "metadata are not printable"),
        Arguments.of("understudy.note", "x", "unknown metadata"),
        Arguments.of("understudy.checksum", null, "no checksum"),
        Arguments.of("understudy.program", "x".repeat(20_000), "length of understudy.program"),
        Arguments.of("a".repeat(65), "x", "length of name of metadata"),
        Arguments.of("avro.codec", "bzip2", "avro.codec expected=deflate actual=bzip2"),
        Arguments.of("avro.schema", "\"string\"", "avro.schema expected="),
        Arguments.of(
            "avro.schema",
            EvidenceFormat.SCHEMA.toString().replace("timestamp-millis", "timestamp-micros"),
            "timestamp-micros"),
        Arguments.of("avro.schema", "[".repeat(16_000), "avro.schema is no Avro schema"),
        Arguments.of("avro.schema", null, "metadata expected=avro.schema"));
  }

  @ParameterizedTest(name = "{index}: {0} {2}")
  @MethodSource("headers")
  void isRefused_whenTheHeaderIsWrong(String key, String value, String what) {
    assertThatThrownBy(() -> verify(forger().with(key, value).add(EvidenceFiles.block(all()))))
        .isInstanceOf(EvidenceDamagedException.class)
        .hasMessageContaining(what)
        .hasMessageContaining("file=" + dir)
        .hasMessageContaining("expected=")
        .hasMessageContaining("actual=");
  }

  @Test
  void isRefused_whenTheHeaderNamesAnotherHistory() throws IOException {
    EvidenceHeader.ChainEnd right = EvidenceFiles.endAt(log, LAST);
    UUID otherRun = UUID.randomUUID();

    assertThatThrownBy(
            () -> verify(forger().with("understudy.vm", "b").add(EvidenceFiles.block(all()))))
        .hasMessageContaining("record of another vm: vm=b");
    assertThatThrownBy(
            () ->
                verify(
                    forger()
                        .with("understudy.run", otherRun.toString())
                        .add(EvidenceFiles.block(all()))))
        .hasMessageContaining("record of another run");
    assertThatThrownBy(
            () ->
                verify(forger().with("understudy.partitions", "3").add(EvidenceFiles.block(all()))))
        .hasMessageContaining("partitions of the topic differ from RunStarted");
    assertThatThrownBy(
            () ->
                verify(forger().with("understudy.lastEpoch", "4").add(EvidenceFiles.block(all()))))
        .hasMessageContaining("epoch behind the last one of the file");
    assertThatThrownBy(
            () ->
                verify(forger().with("understudy.lastEpoch", "6").add(EvidenceFiles.block(all()))))
        .hasMessageContaining("evidence ends too early")
        .hasMessageContaining("expected=whole epochs up to 6");
    assertThatThrownBy(
            () ->
                verify(
                    forger()
                        .with("understudy.hash", "0".repeat(64))
                        .add(EvidenceFiles.block(all()))))
        .isInstanceOf(LogCorruptException.class)
        .hasMessageContaining("hash of the last epoch is not that of the file's header")
        .hasMessageContaining("actual=" + right.hash());
  }

  private static Stream<Arguments> changes() {
    return Stream.of(
        change("offset does not increase", 5, r -> at(r, 0)),
        change("record on the wrong partition", 4, r -> in(r, 1)),
        change("hash of the epoch differs", 4, ForgedEvidenceTest::withOtherTime));
  }

  @ParameterizedTest
  @MethodSource("changes")
  void isRefusedWithItsPlace_whenARecordIsAnother(
      String what, int index, UnaryOperator<EvidenceRecord> change) {
    List<EvidenceRecord> records = all();
    records.set(index, change.apply(records.get(index)));

    assertThatThrownBy(() -> verify(forger().add(EvidenceFiles.block(records))))
        .isInstanceOf(LogCorruptException.class)
        .hasMessageContaining(what)
        .hasMessageContaining("vm=" + log.vm)
        .hasMessageContaining("partition=")
        .hasMessageContaining("offset=")
        .hasMessageContaining("epoch=1")
        .hasMessageContaining("expected=")
        .hasMessageContaining("actual=");
  }

  @Test
  void isRefused_whenRecordsAreMissingOrRepeated() {
    for (int index = 0; index < all().size(); index++) {
      List<EvidenceRecord> fewer = all();
      List<EvidenceRecord> more = all();
      EvidenceRecord one = fewer.remove(index);
      more.add(index, one);

      assertThatThrownBy(() -> verify(forger().add(EvidenceFiles.block(fewer))))
          .isInstanceOf(LogCorruptException.class);
      assertThatThrownBy(() -> verify(forger().add(EvidenceFiles.block(more))))
          .isInstanceOf(LogCorruptException.class);
    }
  }

  /** What is documented as not proven: it is for people, and Kafka's word alone. */
  @Test
  void isVerified_whenTimesAndKeysAreForgedWithTheChecksum() throws IOException {
    List<EvidenceRecord> records = all();
    records.replaceAll(r -> new EvidenceRecord(r.partition(), r.offset(), 1, "x", r.value()));

    assertThat(verify(forger().add(EvidenceFiles.block(records))).lastEpoch()).isEqualTo(LAST);
  }

  @Test
  void isRefused_whenItIsAnotherFile() throws IOException {
    Path file = Files.writeString(dir.resolve("text"), "a letter to somebody");

    assertThatThrownBy(() -> EvidenceFiles.verify(file))
        .isInstanceOf(EvidenceDamagedException.class)
        .hasMessageContaining("no Avro Object Container File: file=" + file);
  }

  /** A record that was forged is decoded before its hash is known. */
  @Test
  void isRefused_whenSizesInsideAnEventLie() throws IOException {
    byte[] intact = log.values(0).get(0);
    int refused = 0;
    for (int at = 10; at < intact.length; at++) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.write(intact, 0, at);
      BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
      out.writeLong(Integer.MAX_VALUE - 100);
      bytes.write(intact, at, intact.length - at);
      List<EvidenceRecord> records = all();
      EvidenceRecord first = records.get(0);
      records.set(0, new EvidenceRecord(0, first.offset(), 0, "0", bytes.toByteArray()));
      assertThatThrownBy(() -> verify(forger().add(EvidenceFiles.block(records))))
          .as("byte %d", at)
          .isInstanceOf(LogException.class);
      refused++;
    }
    assertThat(refused).isGreaterThan(100);
  }

  private static Arguments lie(String what, Forger.Block block) {
    return Arguments.of(what, block);
  }

  private static Arguments datum(String what, Forger.Content content) {
    try {
      return lie(what, EvidenceFiles.block(1, content));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Arguments change(String what, int index, UnaryOperator<EvidenceRecord> change) {
    return Arguments.of(what, index, change);
  }

  private static EvidenceRecord at(EvidenceRecord r, long offset) {
    return new EvidenceRecord(r.partition(), offset, r.timestampMillis(), r.key(), r.value());
  }

  private static EvidenceRecord in(EvidenceRecord r, int partition) {
    return new EvidenceRecord(1 - partition, r.offset(), r.timestampMillis(), r.key(), r.value());
  }

  private static EvidenceRecord withOtherTime(EvidenceRecord r) {
    EventRecord event = EventCodec.decode(r.value());
    byte[] value =
        EventCodec.encode(
            new EventRecord(
                event.vm(),
                event.run(),
                event.term(),
                event.epoch(),
                event.sequence(),
                event.position(),
                event.rip(),
                event.registers() + 1,
                event.event()));
    return new EvidenceRecord(r.partition(), r.offset(), r.timestampMillis(), r.key(), value);
  }

  private static BinaryEncoder begin(BinaryEncoder out) throws IOException {
    out.writeInt(0);
    out.writeLong(0);
    out.writeLong(0);
    return out;
  }

  private static BinaryEncoder noKey(BinaryEncoder out) throws IOException {
    begin(out).writeInt(0);
    return out;
  }

  private static byte[] filled(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 0xff);
    return bytes;
  }

  private static byte[] longer(byte[] content) {
    byte[] deflated = Forger.deflated(content);
    return Arrays.copyOf(deflated, deflated.length + 1);
  }
}
