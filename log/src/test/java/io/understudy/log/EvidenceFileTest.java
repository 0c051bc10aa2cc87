package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.GuestEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an evidence file says is what was put in, and whatever befalls the file is found. */
@Timeout(120)
class EvidenceFileTest {
  private static final int LAST = RawLog.EPOCHS - 1;

  @TempDir private Path dir;
  private final RawLog log = new RawLog();

  @ParameterizedTest
  @CsvSource({"0,5", "0,0", "3,5", "2,2", "5,5"})
  void holdsTheRecordsThatWerePutIn(int first, int last) throws IOException {
    Path file = EvidenceFiles.write(log, first, last, dir.resolve("a.avro"));

    List<EvidenceRecord> read = new ArrayList<>();
    try (EvidenceReader reader = new EvidenceReader(file)) {
      assertThat(reader.header())
          .isEqualTo(EvidenceFiles.header(log, first, EvidenceFiles.endAt(log, last)));
      for (EvidenceRecord record = reader.next(); record != null; record = reader.next()) {
        read.add(record);
      }
      reader.requireChecksum();
    }
    assertThat(read)
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactlyElementsOf(EvidenceFiles.records(log, first, last));
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void isReadByAvrosOwnReader() throws IOException {
    Path file = EvidenceFiles.write(log, 1, LAST, dir.resolve("a.avro"));
    List<EvidenceRecord> expected = EvidenceFiles.records(log, 1, LAST);

    try (DataFileReader<GenericRecord> reader =
        new DataFileReader<>(file.toFile(), new GenericDatumReader<>())) {
      assertThat(reader.getMetaString("understudy.vm")).isEqualTo(log.vm.text());
      assertThat(reader.getMetaString("understudy.run")).isEqualTo(log.run.toString());
      assertThat(reader.getMetaLong("understudy.firstEpoch")).isEqualTo(1);
      assertThat(reader.getMetaLong("understudy.lastEpoch")).isEqualTo(LAST);
      assertThat(reader.getMetaString("understudy.hash"))
          .isEqualTo(HexFormat.of().formatHex(log.chainBefore(LAST + 1).hash()));
      assertThat(reader.getMetaString("avro.codec")).isEqualTo("deflate");
      for (EvidenceRecord record : expected) {
        GenericRecord datum = reader.next();
        assertThat(datum.get("partition")).isEqualTo(record.partition());
        assertThat(datum.get("offset")).isEqualTo(record.offset());
        assertThat(datum.get("timestamp")).isEqualTo(record.timestampMillis());
        assertThat(datum.get("key") == null ? null : datum.get("key").toString())
            .isEqualTo(record.key());
        assertThat(datum.get("value")).isEqualTo(ByteBuffer.wrap(record.value()));
      }
      assertThat(reader.hasNext()).isFalse();
    }
  }

  @Test
  void theSameHistoryIsTheSameFile() throws IOException {
    Path one = EvidenceFiles.write(log, 0, LAST, dir.resolve("one"));
    Path two = EvidenceFiles.write(log, 0, LAST, dir.resolve("two"));

    assertThat(Files.mismatch(one, two)).isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource({"0,5,17", "3,5,9", "0,0,2"})
  void isVerified(int first, int last, long events) throws IOException {
    Path file = EvidenceFiles.write(log, first, last, dir.resolve("a.avro"));
    List<Long> epochs = new ArrayList<>();

    EvidenceReport report =
        EvidenceVerifier.verify(
            file,
            (epoch, hash) -> {
              epochs.add(epoch);
              assertThat(hash).isEqualTo(log.chainBefore((int) epoch + 1).hash());
            });

    assertThat(report)
        .isEqualTo(
            new EvidenceReport(
                log.vm,
                log.run,
                EvidenceFiles.PROGRAM,
                RawLog.PARTITIONS,
                first,
                last,
                1,
                events,
                first,
                HexFormat.of().formatHex(log.chainBefore(first).hash()),
                HexFormat.of().formatHex(log.chainBefore(last + 1).hash()),
                Files.size(file)));
    assertThat(report.epochs()).isEqualTo(last - first + 1);
    assertThat(epochs).hasSize(last - first + 1).startsWith((long) first).endsWith((long) last);
  }

  @Test
  void holdsManyBlocks_andRecordsAsLongAsTheyGet() throws IOException {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    ChainState chain = ChainState.genesis();
    Path file = dir.resolve("long");
    long bytes = 0;
    try (EvidenceWriter writer =
        new EvidenceWriter(
            file, dir.resolve("partial"), EvidenceFiles.header(log, 0, EvidenceFormat.UNKNOWN))) {
      for (int epoch = 0; epoch < 20; epoch++) {
        EpochDraft draft =
            epoch == 0
                ? Drafts.first(RawLog.PARTITIONS)
                : Drafts.of(
                    epoch * 10L,
                    new GuestEvent.StateTransferred(0, 2, Drafts.bytes(random, 512 * 1024)),
                    new GuestEvent.StateTransferred(1, 2, Drafts.bytes(random, 1)));
        SealedEpoch sealed = RawLog.seal(log.vm.text(), log.run, 1, chain, draft);
        for (byte[] value : sealed.wire()) {
          writer.add(
              new EvidenceRecord(
                  sealed.partition(), bytes += value.length, 0, Integer.toString(epoch), value));
        }
        chain = sealed.next();
      }
      writer.finish(chain);
      writer.publish();
    }

    assertThat(EvidenceFiles.verify(file).hash()).isEqualTo(HexFormat.of().formatHex(chain.hash()));
    assertThat(Files.size(file)).isGreaterThan(19 * 512 * 1024);
  }

  @Test
  void refusesARecordThatIsLongerThanAny() {
    try (EvidenceWriter writer =
        new EvidenceWriter(
            dir.resolve("a"),
            dir.resolve("b"),
            EvidenceFiles.header(log, 0, EvidenceFormat.UNKNOWN))) {
      writer.add(new EvidenceRecord(0, 0, 0, "k", new byte[900 * 1024]));
      assertThatThrownBy(
              () -> writer.add(new EvidenceRecord(1, 7, 0, "k", new byte[900 * 1024 + 1])))
          .isInstanceOf(LogException.class)
          .hasMessageContaining("partition=1 offset=7 bytes=921601 maximum=921600");
      assertThatThrownBy(
              () -> writer.add(new EvidenceRecord(1, 7, 0, "k".repeat(342), new byte[1])))
          .isInstanceOf(LogException.class)
          .hasMessageContaining("a key in the log is longer");
    }
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void leavesNothing_whenItIsNotPublished() throws IOException {
    Path target = dir.resolve("a");
    try (EvidenceWriter writer =
        new EvidenceWriter(
            target, dir.resolve("b"), EvidenceFiles.header(log, 0, EvidenceFormat.UNKNOWN))) {
      EvidenceFiles.records(log, 0, LAST).forEach(writer::add);
      writer.finish(log.chainBefore(LAST + 1));
      Files.writeString(target, "somebody else's");

      assertThatThrownBy(writer::publish)
          .isInstanceOf(LogException.class)
          .hasMessageContaining("not overwritten: file=" + target);
    }
    assertThat(target).hasContent("somebody else's");
    assertThat(dir.resolve("b")).doesNotExist();
  }

  @Test
  void isNeverVerified_whenAnyBitIsFlipped() throws IOException {
    Path file = EvidenceFiles.write(log, 2, 3, dir.resolve("a.avro"));
    byte[] intact = Files.readAllBytes(file);
    String schema = EvidenceFormat.SCHEMA.toString();
    int schemaStart = new String(intact, StandardCharsets.ISO_8859_1).indexOf(schema);
    assertThat(schemaStart).isPositive();
    int flips = 0;
    for (int bit = 0; bit < intact.length * Byte.SIZE; bit++) {
      int at = bit / Byte.SIZE;
      boolean isSchema = at >= schemaStart && at < schemaStart + schema.length();
      if (isSchema && bit % Byte.SIZE != at % Byte.SIZE) {
        continue; // One of each byte, because it is long.
      }
      byte[] flipped = intact.clone();
      flipped[at] ^= (byte) (1 << (bit % Byte.SIZE));
      Files.write(file, flipped);
      flips++;
      assertThatThrownBy(() -> EvidenceFiles.verify(file))
          .as("bit %d of byte %d", bit % Byte.SIZE, at)
          .isInstanceOf(LogException.class)
          .hasMessageContaining("expected=")
          .hasMessageContaining("actual=");
    }
    assertThat(flips).isGreaterThan(5_000);
    Files.write(file, intact);
    assertThat(EvidenceFiles.verify(file).lastEpoch()).isEqualTo(3);
  }

  @Test
  void isNeverVerified_whenItIsCutOffAnywhere() throws IOException {
    Path file = EvidenceFiles.write(log, 2, 3, dir.resolve("a.avro"));
    byte[] intact = Files.readAllBytes(file);
    for (int length = 0; length < intact.length; length++) {
      Files.write(file, Arrays.copyOf(intact, length));
      assertThatThrownBy(() -> EvidenceFiles.verify(file))
          .as("length %d", length)
          .isInstanceOf(LogException.class)
          .hasMessageContaining("expected=");
    }
  }

  @Test
  void isNotVerified_whenSomethingIsBehindIt() throws IOException {
    Path file = EvidenceFiles.write(log, 2, 3, dir.resolve("a.avro"));
    byte[] intact = Files.readAllBytes(file);
    for (int value = 0; value < 256; value++) {
      byte[] longer = Arrays.copyOf(intact, intact.length + 1);
      longer[intact.length] = (byte) value;
      Files.write(file, longer);
      assertThatThrownBy(() -> EvidenceFiles.verify(file)).isInstanceOf(LogException.class);
    }
  }
}
