package io.understudy.replay.checkpoint;

import static io.understudy.replay.checkpoint.ModelMachine.RUN;
import static io.understudy.replay.checkpoint.ModelMachine.VM;
import static io.understudy.replay.checkpoint.ModelMachine.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.understudy.replay.checkpoint.RocksDatabase.Family;
import io.understudy.replay.checkpoint.StoreReport.CheckpointReport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** Damage of every kind ends in an exception that says where, or in an older whole checkpoint. */
final class RocksCheckpointStoreDamageTest {

  private static final int PAGES = 160;
  private static final int PAGE_SIZE = 4096;

  @TempDir Path dir;

  private final ModelMachine machine = new ModelMachine(11, PAGES, PAGE_SIZE);
  private final SortedMap<Long, SortedMap<Integer, ByteBuffer>> expected = new TreeMap<>();
  private Path original;

  /** Some checkpoints in tables, some in the write-ahead log; epochs 4, 5 and 6 are kept. */
  @BeforeEach
  void writeStore() {
    original = dir.resolve("original");
    write(4);
    write(0);
    write(3);
  }

  private void write(int checkpoints) {
    try (RocksCheckpointStore store = open(original)) {
      for (int i = 0; i < checkpoints; i++) {
        machine.advance();
        machine.writeTo(store);
        expected.put(machine.epoch(), machine.memory());
      }
    }
  }

  private static RocksCheckpointStore open(Path dir) {
    return RocksCheckpointStore.open(dir, VM, RUN, StoreOptions.DEFAULT);
  }

  @Test
  void neverGivesWrongData_whenBytesOfAnyFileAreFlipped() throws IOException {
    Random random = new Random(5);
    int refusedStores = 0;
    int refusedCheckpoints = 0;
    int rounds = 0;
    for (Path file : dataFiles(original)) {
      for (int i = 0; i < 12; i++) {
        Path copy = copy("flip-" + rounds++);
        String change = flip(copy.resolve(file.getFileName()), random);
        try (RocksCheckpointStore store = open(copy)) {
          refusedCheckpoints += checkEach(store, change);
        } catch (CheckpointStoreException e) {
          assertThat(e).as(change).hasMessageContaining(copy.toString());
          refusedStores++;
        }
      }
    }
    // Without these the test would also pass if no flip ever hit anything.
    assertThat(refusedStores).isPositive();
    assertThat(refusedCheckpoints).isPositive();
  }

  /** Compares what can be read with the model; returns how many checkpoints were refused. */
  private int checkEach(RocksCheckpointStore store, String change) {
    int refused = 0;
    for (long epoch : store.epochs()) {
      try {
        Checkpoint checkpoint = store.at(epoch).orElseThrow();
        assertThat(checkpoint).as(change).isEqualTo(machine.checkpoint(epoch));
        assertThat(read(store, checkpoint)).as(change).isEqualTo(expected.get(epoch));
      } catch (CheckpointDamagedException e) {
        assertThat(e.epoch()).as(change).hasValue(epoch);
        assertThat(e).hasMessageContaining("epoch=" + epoch).hasMessageContaining("dir=");
        refused++;
      }
    }
    return refused;
  }

  @Test
  void neverGivesWrongData_whenTheLogIsCutOff() throws IOException {
    for (Path file : dataFiles(original)) {
      String name = file.getFileName().toString();
      for (int part = 0; part < 8 && name.endsWith(".log"); part++) {
        Path copy = copy("cut-" + part);
        byte[] bytes = Files.readAllBytes(copy.resolve(name));
        byte[] shorter = Arrays.copyOf(bytes, bytes.length * part / 8);
        Files.write(copy.resolve(name), shorter);

        try (RocksCheckpointStore store = open(copy)) {
          assertThat(checkEach(store, "cut at " + shorter.length)).isZero();
        }
      }
    }
  }

  @Test
  void fallsBackToAnOlderCheckpoint_whenAPageOfTheNewestIsDamaged() throws RocksDBException {
    int number = pageWrittenAt(6);
    damage(
        (database, batch) ->
            database.put(batch, Family.PAGES, PageKey.of(number, 6), new byte[PAGE_SIZE]));

    try (RocksCheckpointStore store = open(original)) {
      List<Checkpoint> list = store.list();
      assertThatExceptionOfType(CheckpointDamagedException.class)
          .isThrownBy(() -> read(store, list.get(2)))
          .withMessageContaining("page number=" + number + " version=6: checksum expected=")
          .withMessageContaining("epoch=6");
      assertThat(read(store, list.get(1))).isEqualTo(expected.get(5L));

      StoreReport report = store.verify();
      assertThat(report.damage()).singleElement().asString().contains("number=" + number);
      assertThat(report.checkpoints())
          .extracting(CheckpointReport::restorable)
          .containsExactly(true, true, false);
    }
  }

  @Test
  void refusesTheCheckpoint_whenAPageIsMissing() throws RocksDBException {
    int number = pageWrittenAt(6);
    damage(
        (database, batch) -> {
          database.delete(batch, Family.PAGES, PageKey.of(number, 6));
          database.delete(batch, Family.VERSIONS, PageKey.of(number, 6));
        });

    // An older version of the page is there, and whole: only the sum in the header can tell.
    try (RocksCheckpointStore store = open(original)) {
      assertThatExceptionOfType(CheckpointDamagedException.class)
          .isThrownBy(() -> read(store, machine.checkpoint(6)))
          .withMessageContaining("pages are missing or of another epoch");
      assertThatExceptionOfType(CheckpointDamagedException.class).isThrownBy(store::newest);
      assertThat(read(store, machine.checkpoint(5))).isEqualTo(expected.get(5L));
    }
  }

  @Test
  void refusesTheCheckpoint_whenAPageIsExchangedForAnother() throws RocksDBException {
    int number = pageWrittenAt(3);
    damage(
        (database, batch) -> {
          byte[] key = PageKey.of(number, 3);
          byte[] content = database.get(Family.PAGES, key);
          byte[] checksum = database.get(Family.VERSIONS, key);
          int other = number == 0 ? 1 : 0;
          database.put(batch, Family.PAGES, PageKey.of(other, 6), content);
          database.put(batch, Family.VERSIONS, PageKey.of(other, 6), checksum);
        });

    try (RocksCheckpointStore store = open(original)) {
      assertThatExceptionOfType(CheckpointDamagedException.class)
          .isThrownBy(() -> read(store, machine.checkpoint(6)));
      assertThat(read(store, machine.checkpoint(5))).isEqualTo(expected.get(5L));
    }
  }

  @Test
  void refusesToWriteUntilToldWhatToKeep_whenTheNewestIsDamaged() throws RocksDBException {
    damage(
        (database, batch) -> {
          byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(6).array();
          byte[] header = database.get(Family.MACHINE, key);
          header[header.length - 1] ^= 1;
          database.put(batch, Family.MACHINE, key, header);
        });

    try (RocksCheckpointStore store = open(original)) {
      assertThatExceptionOfType(CheckpointDamagedException.class)
          .isThrownBy(store::newest)
          .withMessageContaining("epoch=6")
          .withMessageContaining("crc32c");
      assertThat(store.epochs()).containsExactly(4L, 5L, 6L);
      assertThat(store.list()).extracting(Checkpoint::epoch).containsExactly(4L, 5L);
      assertThatExceptionOfType(CheckpointDamagedException.class)
          .isThrownBy(
              () -> store.write(machine.checkpoint(7), ModelMachine.pages(new TreeMap<>())));
      assertThat(store.epochs()).containsExactly(4L, 5L, 6L);

      store.discardNewerThan(5);

      ModelMachine restored = new ModelMachine(11, PAGES, PAGE_SIZE);
      restored.advanceTo(5);
      restored.clean();
      restored.advanceTo(8);
      restored.writeTo(store);
      assertThat(read(store, restored.checkpoint(8))).isEqualTo(restored.memory());
    }
  }

  @Test
  void removesStagedPages_whenTheirHeaderWasNeverWritten() throws RocksDBException {
    damage(
        (database, batch) -> {
          byte[] key = PageKey.of(3, 7);
          database.put(batch, Family.PAGES, key, new byte[PAGE_SIZE]);
          database.put(batch, Family.VERSIONS, key, new byte[Long.BYTES]);
        });

    try (RocksCheckpointStore store = open(original)) {
      assertThat(store.epochs()).containsExactly(4L, 5L, 6L);
      assertThat(checkEach(store, "staged")).isZero();
    }
    try (RocksDatabase database = RocksDatabase.open(original)) {
      assertThat(database.get(Family.PAGES, PageKey.of(3, 7))).isNull();
      assertThat(database.get(Family.VERSIONS, PageKey.of(3, 7))).isNull();
    }
  }

  @Test
  void refusesTheStoreAndDeletesNothing_whenCurrentIsMissing() throws IOException {
    Files.delete(original.resolve("CURRENT"));
    List<Path> before = dataFiles(original);

    assertThatExceptionOfType(CheckpointDamagedException.class)
        .isThrownBy(() -> open(original))
        .withMessageContaining("file CURRENT is missing")
        .withMessageContaining("move the directory away");

    assertThat(dataFiles(original)).isEqualTo(before);
  }

  @Test
  void refusesTheStore_whenATableIsMissing() throws IOException {
    for (Path file : dataFiles(original)) {
      if (file.toString().endsWith(".sst")) {
        Files.delete(file);
      }
    }

    assertThatExceptionOfType(CheckpointDamagedException.class)
        .isThrownBy(() -> open(original))
        .withMessageContaining(original.toString());
  }

  /** A change made behind the back of the store. */
  private interface Change {
    void make(RocksDatabase database, WriteBatch batch) throws RocksDBException;
  }

  private void damage(Change change) throws RocksDBException {
    try (RocksDatabase database = RocksDatabase.open(original);
        WriteBatch batch = new WriteBatch()) {
      change.make(database, batch);
      database.write(batch, true);
    }
  }

  private int pageWrittenAt(long epoch) throws RocksDBException {
    try (RocksDatabase database = RocksDatabase.open(original)) {
      for (int number = 0; number < PAGES; number++) {
        byte[] content = database.get(Family.PAGES, PageKey.of(number, epoch));
        if (content != null && content[PAGE_SIZE - 1] != 0 && hasOlderVersion(number, epoch)) {
          return number;
        }
      }
    }
    throw new IllegalStateException("model wrote no page with content: epoch=" + epoch);
  }

  private boolean hasOlderVersion(int number, long epoch) {
    return epoch == 3 || expected.get(epoch - 1).containsKey(number);
  }

  private Path copy(String name) throws IOException {
    Path copy = Files.createDirectory(dir.resolve(name));
    try (Stream<Path> files = Files.list(original)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  /** Files that hold data or say where it is; without lock, logs for people and options. */
  private static List<Path> dataFiles(Path dir) throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files
          .filter(
              file ->
                  file.getFileName().toString().matches("CURRENT|MANIFEST-.*|.*\\.sst|\\d+\\.log"))
          .sorted()
          .toList();
    }
  }

  private static String flip(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length == 0) {
      return file + " is empty";
    }
    int offset = random.nextInt(bytes.length);
    int length = Math.min(1 + random.nextInt(8), bytes.length - offset);
    for (int i = offset; i < offset + length; i++) {
      bytes[i] ^= (byte) (1 + random.nextInt(255));
    }
    Files.write(file, bytes);
    return file + " offset=" + offset + " bytes=" + length;
  }
}
