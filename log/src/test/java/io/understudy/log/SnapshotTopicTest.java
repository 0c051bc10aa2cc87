package io.understudy.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.SnapshotPart;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Snapshots on a real broker: written, read back, given up, mixed, damaged and deleted. */
@Timeout(120)
class SnapshotTopicTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int PAGE = 4096;

  private final UUID run = UUID.randomUUID();
  private final VmId vm = new VmId("snap-" + UUID.randomUUID().toString().substring(0, 8));
  private final LogTopics topics = new LogTopics(TestBroker.connection());
  private KafkaSnapshotWriter writer;

  @BeforeEach
  void create() {
    topics.create(vm, 2);
    writer = KafkaSnapshotWriter.open(TestBroker.connection(), vm, run, 1);
  }

  @AfterEach
  void close() {
    writer.close();
    topics.close();
  }

  @Test
  void readsBackWhatWasWritten_theLaterContentOfAPageLast() {
    byte[] state = bytes(1, 600_000);
    StoredSnapshot snapshot = write(10, state, 9);

    Map<Integer, byte[]> pages = new TreeMap<>();
    byte[] readState = SnapshotReader.read(TestBroker.connection(), snapshot, PATIENCE, pages::put);

    assertThat(readState).isEqualTo(state);
    assertThat(pages).hasSize(100 + 8);
    assertThat(pages.get(3)).as("sent with the first and the last piece").isEqualTo(bytes(8, PAGE));
    assertThat(snapshot.position())
        .isEqualTo(
            new LogPosition(
                new ChainState(11, 22, 1, new byte[32]), new TreeMap<>(Map.of(0, 10L, 1, 11L))));
  }

  /** In each record's header, for tools. */
  @Test
  void recordsSayWhichTypeTheyAre() {
    StoredSnapshot snapshot = write(10, bytes(1, 10), 1);
    try (SnapshotDirectory directory = directory()) {
      directory.publishVerified(snapshot, "b");
    }

    Set<String> types = new TreeSet<>();
    List<TopicPartition> partitions =
        IntStream.range(0, SnapshotLayout.PARTITIONS)
            .mapToObj(partition -> new TopicPartition(Topics.snapshots(vm), partition))
            .toList();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(KafkaSettings.reader(TestBroker.connection()))) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      consumer
          .endOffsets(partitions)
          .forEach(
              (partition, end) -> {
                while (consumer.position(partition) < end) {
                  for (var record : consumer.poll(Duration.ofMillis(50))) {
                    types.add(new String(record.headers().lastHeader("type").value(), UTF_8));
                  }
                }
              });
    }
    assertThat(types)
        .containsExactly(
            "SnapshotChunk",
            "SnapshotCompleted",
            "SnapshotStarted",
            "SnapshotState",
            "SnapshotVerified");
  }

  @Test
  void givenUpSnapshotIsNone_andItsPiecesDoNotDisturbTheNext() {
    UUID id = UUID.randomUUID();
    writer.begin(id, started());
    writer.pages(new int[] {1, 2}, bytes(3, 2 * PAGE));
    writer.flush();
    try (SnapshotDirectory directory = directory()) {
      assertThat(directory.all()).isEmpty();
      assertThat(directory.started(id)).isPresent();
    }
    StoredSnapshot next = write(20, bytes(2, 10), 3);
    Map<Integer, byte[]> pages = new TreeMap<>();
    SnapshotReader.read(TestBroker.connection(), next, PATIENCE, pages::put);
    assertThat(pages).hasSize(100 + 2).doesNotContainKey(1 << 20);
  }

  /** A fenced primary may write at the same time as its successor, even for the same order. */
  @Test
  void piecesOfAnotherTermBetweenAreLeftOut() {
    UUID id = UUID.randomUUID();
    try (KafkaSnapshotWriter successor =
        KafkaSnapshotWriter.open(TestBroker.connection(), vm, run, 2)) {
      writer.begin(id, started());
      successor.begin(id, started());
      successor.pages(new int[] {1}, bytes(4, PAGE));
      successor.flush();
      writer.pages(new int[] {1}, bytes(5, PAGE));
      writer.pages(new int[] {2}, bytes(6, PAGE));
      writer.flush();
      successor.pages(new int[] {2}, bytes(7, PAGE));
      successor.state(new byte[] {1});
      successor.complete(manifest(30, successor.flush()));
    }
    try (SnapshotDirectory directory = directory()) {
      Map<Integer, byte[]> pages = new TreeMap<>();
      StoredSnapshot found = directory.find(id).orElseThrow();
      SnapshotReader.read(TestBroker.connection(), found, PATIENCE, pages::put);
      assertThat(pages.get(1)).isEqualTo(bytes(4, PAGE));
      assertThat(pages.get(2)).isEqualTo(bytes(7, PAGE));
    }
  }

  @Test
  void isRefused_whenPiecesAreNotThoseOfTheManifest() {
    StoredSnapshot good = write(40, bytes(1, 10), 4);
    SnapshotPart.Completed manifest = good.manifest();
    byte[] wrongHash = manifest.piecesHash();
    wrongHash[0]++;
    assertRefused(
        good,
        with(manifest, manifest.pieces(), wrongHash, manifest.endOffsets()),
        "hash of the pieces");
    assertRefused(
        good,
        with(manifest, manifest.pieces() + 1, manifest.piecesHash(), manifest.endOffsets()),
        "piece " + manifest.pieces());
    List<Long> ends = new ArrayList<>(manifest.endOffsets());
    ends.set(1, ends.get(1) - 1);
    assertRefused(
        good,
        with(manifest, manifest.pieces(), manifest.piecesHash(), List.copyOf(ends)),
        "piece ");
  }

  private void assertRefused(
      StoredSnapshot snapshot, SnapshotPart.Completed manifest, String what) {
    StoredSnapshot wrong =
        new StoredSnapshot(vm, run, snapshot.term(), snapshot.id(), manifest, false);
    assertThatThrownBy(
            () ->
                SnapshotReader.read(
                    TestBroker.connection(), wrong, PATIENCE, (number, content) -> {}))
        .isInstanceOf(SnapshotDamagedException.class)
        .hasMessageContaining(what)
        .hasMessageContaining("vm=" + vm);
  }

  @Test
  void olderSnapshotsAreDeleted_butNotTheNewestVerifiedOne() {
    StoredSnapshot first = write(50, bytes(1, 10), 3);
    StoredSnapshot second = write(60, bytes(1, 10), 3);
    StoredSnapshot third = write(70, bytes(1, 10), 3);
    try (SnapshotDirectory directory = directory()) {
      directory.publishVerified(second, "node");
    }
    StoredSnapshot fourth = write(80, bytes(1, 10), 3);
    try (SnapshotDirectory directory = directory()) {
      assertThat(directory.all()).hasSize(4);
      topics.deleteOldSnapshots(vm, directory.all(), 1, logFrom(0), false);
    }
    try (SnapshotDirectory directory = directory()) {
      assertThat(directory.all())
          .extracting(snapshot -> snapshot.manifest().epoch())
          .containsExactly(60L, 70L, 80L);
      assertThat(directory.find(second.id()).orElseThrow().verified()).isTrue();
      assertThat(directory.newestComplete(run).orElseThrow().id()).isEqualTo(fourth.id());
    }
    assertThatThrownBy(
            () ->
                SnapshotReader.read(
                    TestBroker.connection(), first, PATIENCE, (number, content) -> {}))
        .isInstanceOf(SnapshotDamagedException.class)
        .hasMessageContaining("deleted");
    SnapshotReader.read(TestBroker.connection(), second, PATIENCE, (number, content) -> {});
    SnapshotReader.read(TestBroker.connection(), third, PATIENCE, (number, content) -> {});
  }

  @Test
  void oldestVerifiedOneBehindTheLogsBeginningStays_whereTheLogIsShortenedUpToIt() {
    write(50, bytes(1, 10), 3);
    StoredSnapshot next = write(60, bytes(1, 10), 3);
    StoredSnapshot newer = write(70, bytes(1, 10), 3);
    write(80, bytes(1, 10), 3);
    try (SnapshotDirectory directory = directory()) {
      directory.publishVerified(next, "node");
      directory.publishVerified(newer, "node");
    }

    assertThat(keptOfOne(0, true)).containsExactly(60L, 70L, 80L);
    assertThat(keptOfOne(0, false)).containsExactly(70L, 80L);
  }

  @Test
  void oneAtTheLogsBeginningStays() {
    write(50, bytes(1, 10), 3);
    write(60, bytes(1, 10), 3);
    write(70, bytes(1, 10), 3);
    write(80, bytes(1, 10), 3);

    assertThat(keptOfOne(60, false)).containsExactly(60L, 70L, 80L);
    assertThat(keptOfOne(65, false)).as("the next").containsExactly(70L, 80L);
    assertThat(keptOfOne(75, false)).containsExactly(80L);
  }

  private List<Long> keptOfOne(long beginning, boolean isShortened) {
    try (SnapshotDirectory directory = directory()) {
      topics.deleteOldSnapshots(vm, directory.all(), 1, logFrom(beginning), isShortened);
    }
    try (SnapshotDirectory directory = directory()) {
      return directory.all().stream().map(snapshot -> snapshot.manifest().epoch()).toList();
    }
  }

  private LogExtent logFrom(long beginning) {
    long other = beginning == 0 ? 0 : beginning + 1;
    TreeMap<Integer, Long> beginnings = new TreeMap<>(Map.of(0, beginning, 1, other));
    return new LogExtent(run, beginnings, beginnings);
  }

  private SnapshotDirectory directory() {
    return SnapshotDirectory.open(TestBroker.connection(), vm, PATIENCE);
  }

  /** A snapshot of so many pieces of pages, the last of which repeats page 3. */
  private StoredSnapshot write(long epoch, byte[] state, int pagePieces) {
    UUID id = UUID.randomUUID();
    writer.begin(id, started());
    int[] many = new int[100];
    Arrays.setAll(many, index -> index);
    writer.pages(many, bytes(42, many.length * PAGE));
    for (int piece = 1; piece < pagePieces - 1; piece++) {
      writer.pages(new int[] {1000 + piece, 3}, bytes(piece, 2 * PAGE));
    }
    writer.pages(new int[] {3, 999}, join(bytes(8, PAGE), bytes(9, PAGE)));
    writer.state(state);
    writer.complete(manifest(epoch, writer.flush()));
    try (SnapshotDirectory directory = directory()) {
      return directory.find(id).orElseThrow();
    }
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static SnapshotPart.Started started() {
    return new SnapshotPart.Started("node", -1, 100, PAGE, 1);
  }

  private static SnapshotPart.Completed manifest(long epoch, SnapshotSink.Pieces pieces) {
    return new SnapshotPart.Completed(
        "node",
        new byte[] {1},
        -1,
        epoch,
        7,
        2 * epoch + 2,
        new byte[32],
        List.of(epoch, epoch + 1),
        1,
        2,
        3,
        2_000,
        PAGE,
        pieces.pieces(),
        pieces.hash(),
        pieces.firstOffsets(),
        pieces.endOffsets(),
        100,
        pieces.bytes(),
        2,
        3,
        4,
        System.currentTimeMillis());
  }

  private static SnapshotPart.Completed with(
      SnapshotPart.Completed manifest, int pieces, byte[] hash, List<Long> ends) {
    return new SnapshotPart.Completed(
        manifest.node(),
        manifest.header(),
        manifest.sinceEpoch(),
        manifest.epoch(),
        manifest.position(),
        manifest.nextSequence(),
        manifest.hash(),
        manifest.offsets(),
        manifest.registersDigest(),
        manifest.devicesDigest(),
        manifest.memoryDigest(),
        manifest.pageCount(),
        manifest.pageSize(),
        pieces,
        hash,
        manifest.firstOffsets(),
        ends,
        manifest.pages(),
        manifest.bytes(),
        manifest.rounds(),
        manifest.pauseMicros(),
        manifest.startedAtMillis(),
        manifest.completedAtMillis());
  }

  private static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
