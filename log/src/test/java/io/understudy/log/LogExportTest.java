package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.EventCodec;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What lies in a real broker is in the file, and nothing else is in the directory. */
@Timeout(120)
class LogExportTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int LAST = RawLog.EPOCHS - 1;

  @TempDir private Path dir;
  private final ClusterConnection connection = TestBroker.connection();
  private final RawLog log = new RawLog();
  private final List<String> steps = new ArrayList<>();

  private Path file() {
    return dir.resolve("evidence.avro");
  }

  private EvidenceReport export(VmId vm, Path to, LogStart start, long first, long last) {
    return new LogExport(
            connection, vm, to, EvidenceFiles.PROGRAM, (step, epoch) -> steps.add(step + epoch))
        .run(start, first, last);
  }

  private EvidenceReport exportAll() {
    return export(log.vm, file(), LogStart.BEGINNING, 0, LogExport.TO_THE_END);
  }

  @Test
  void writesTheRecordsAsTheyLieInKafka() {
    log.write(connection);

    EvidenceReport report = exportAll();

    assertThat(read(file()))
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactlyElementsOf(inKafka());
    assertThat(report).isEqualTo(EvidenceFiles.verify(file()));
    assertThat(report.run()).isEqualTo(log.run);
    assertThat(report.firstEpoch()).isZero();
    assertThat(report.lastEpoch()).isEqualTo(LAST);
    assertThat(report.events()).isEqualTo(17);
    assertThat(report.hash()).isEqualTo(hash(LAST));
    assertThat(dir.toFile().list()).containsExactly("evidence.avro");
    assertThat(steps).contains("exporting0", "exporting5", "checking0", "checking5");
  }

  @Test
  void writesTheWantedEpochsAlone_andWhatTheyContinue() {
    log.write(connection);

    EvidenceReport report = export(log.vm, file(), LogStart.BEGINNING, 2, 4);

    assertThat(report.firstEpoch()).isEqualTo(2);
    assertThat(report.lastEpoch()).isEqualTo(4);
    assertThat(report.previousHash()).isEqualTo(hash(1));
    assertThat(report.hash()).isEqualTo(hash(4));
    assertThat(EvidenceFiles.verify(file())).isEqualTo(report);
    assertThat(steps)
        .startsWith("skipping0", "skipping1", "exporting2")
        .doesNotContain("exporting5");
  }

  @Test
  void isTheSameFileEachTime() throws IOException {
    log.write(connection);
    exportAll();
    Path again = dir.resolve("again");
    export(log.vm, again, LogStart.earliest(connection, log.vm), 0, LAST);

    assertThat(Files.mismatch(file(), again)).isEqualTo(-1);
  }

  @Test
  void leavesOutWhatWasAborted_andWhatIsNotCommitted() {
    log.writeWithFailures(connection, () -> assertThat(exportAll().lastEpoch()).isEqualTo(LAST));
    assertThat(read(file())).hasSize(17 + RawLog.EPOCHS);
  }

  @Test
  void beginsBehindTheOldestSnapshot_whenTheBeginningIsDeleted() {
    UUID run = UUID.randomUUID();
    VmId vm = new VmId("export-" + UUID.randomUUID().toString().substring(0, 8));
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, RawLog.PARTITIONS);
    }
    try (FencedWriter right = KafkaEpochWriter.fence(connection, vm, PATIENCE);
        EpochLog writer = right.begin(run, 1, ChainState.genesis(), RawLog.PARTITIONS)) {
      writer.commit(Drafts.first(RawLog.PARTITIONS));
      writer.commit(Drafts.of(10));
      CommittedEpoch last = writer.commit(Drafts.of(20));
      TestSnapshots.take(connection, vm, run, last);
      TestSnapshots.verifyNewest(connection, vm, run);
      writer.commit(Drafts.of(30));
      ChainState end = writer.commit(Drafts.of(40)).next();
      LogTrim.plan(connection, vm).apply(connection);

      LogStart start = LogStart.earliest(connection, vm);
      EvidenceReport all = export(vm, file(), start, start.firstEpoch(), LogExport.TO_THE_END);
      EvidenceReport rest =
          export(vm, dir.resolve("rest"), LogStart.before(connection, vm, 4), 4, 4);

      assertThat(all.firstEpoch()).isEqualTo(3);
      assertThat(all.lastEpoch()).isEqualTo(4);
      assertThat(all.previousHash()).isEqualTo(HexFormat.of().formatHex(last.next().hash()));
      assertThat(all.hash()).isEqualTo(HexFormat.of().formatHex(end.hash()));
      assertThat(EvidenceFiles.verify(file())).isEqualTo(all);
      assertThat(rest.hash()).isEqualTo(all.hash());
      assertThat(rest.epochs()).isEqualTo(1);
      assertThat(EvidenceFiles.verify(dir.resolve("rest"))).isEqualTo(rest);
    }
  }

  @Test
  void writesNothing_whenTheLogDoesNotHoldTheWantedEpochs() {
    log.write(connection);

    assertThatThrownBy(() -> export(log.vm, file(), LogStart.BEGINNING, 0, 6))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("nothing was written")
        .hasMessageContaining("firstEpoch=0 lastEpoch=6 newestCommitted=5");
    assertThatThrownBy(() -> export(log.vm, file(), LogStart.BEGINNING, 6, LogExport.TO_THE_END))
        .isInstanceOf(LogException.class)
        .hasMessageContaining("firstEpoch=6 newestCommitted=5");
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void writesNothing_whenTheLogIsDamaged() {
    log.values(3).get(1)[70] ^= 1;
    log.write(connection);

    assertThatThrownBy(this::exportAll)
        .isInstanceOf(LogCorruptException.class)
        .hasMessageContaining("hash of the epoch differs")
        .hasMessageContaining("epoch=3");
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void exportsWhatIsBeforeTheDamage() {
    log.values(3).get(1)[70] ^= 1;
    log.write(connection);

    assertThat(export(log.vm, file(), LogStart.BEGINNING, 0, 2).hash()).isEqualTo(hash(2));
  }

  @Test
  void saysSo_whenTheFileCannotBeWritten() {
    log.write(connection);

    assertThatThrownBy(() -> export(log.vm, dir.resolve("no/file"), LogStart.BEGINNING, 0, LAST))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot write evidence: file=" + dir.resolve("no/file"));
  }

  @Test
  void leavesNothing_whenItIsAbandoned() {
    log.write(connection);
    LogExport[] export = new LogExport[1];
    export[0] =
        new LogExport(
            connection,
            log.vm,
            file(),
            EvidenceFiles.PROGRAM,
            (step, epoch) -> {
              if (epoch == 2) {
                assertThat(dir).isNotEmptyDirectory();
                export[0].abandon();
              }
            });

    assertThatThrownBy(() -> export[0].run(LogStart.BEGINNING, 0, LAST))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(dir).isEmptyDirectory();
  }

  private String hash(int epoch) {
    return HexFormat.of().formatHex(log.chainBefore(epoch + 1).hash());
  }

  private static List<EvidenceRecord> read(Path file) {
    List<EvidenceRecord> read = new ArrayList<>();
    try (EvidenceReader reader = new EvidenceReader(file)) {
      for (EvidenceRecord record = reader.next(); record != null; record = reader.next()) {
        read.add(record);
      }
    }
    return read;
  }

  /** By an ordinary consumer, in the order of the log. */
  private List<EvidenceRecord> inKafka() {
    List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    try (Consumer<String, byte[]> consumer =
        new KafkaConsumer<>(KafkaSettings.reader(connection))) {
      List<TopicPartition> partitions =
          List.of(
              new TopicPartition(Topics.events(log.vm), 0),
              new TopicPartition(Topics.events(log.vm), 1));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
      while (records.size() < 17 + RawLog.EPOCHS) {
        assertThat(System.nanoTime() - deadlineNanos).as("in time").isNegative();
        consumer.poll(Duration.ofMillis(50)).forEach(records::add);
      }
    }
    return records.stream()
        .sorted(Comparator.comparing(record -> EventCodec.decode(record.value()).sequence()))
        .map(
            record ->
                new EvidenceRecord(
                    record.partition(),
                    record.offset(),
                    record.timestamp(),
                    record.key(),
                    record.value()))
        .toList();
  }
}
