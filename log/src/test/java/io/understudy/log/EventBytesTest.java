package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The size of a log is that of the records it still has, wherever one begins to count. */
@Timeout(120)
class EventBytesTest {
  private static final int PARTITIONS = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final UUID run = UUID.randomUUID();
  private final VmId vm = new VmId("bytes-" + UUID.randomUUID().toString().substring(0, 8));
  private final ClusterConnection connection = TestBroker.connection();

  @Test
  void countsWhatIsBehindEachPlace_andForgetsWhatIsDeleted() {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    try (FencedWriter right = KafkaEpochWriter.fence(connection, vm, PATIENCE);
        EpochLog log = right.begin(run, 1, ChainState.genesis(), PARTITIONS)) {
      log.commit(Drafts.first(PARTITIONS));
      CommittedEpoch early = log.commit(Drafts.of(10, Drafts.input("some"), Drafts.input("more")));
      CommittedEpoch late = log.commit(Drafts.of(20));
      try (EventBytes bytes = EventBytes.open(connection, vm, 1)) {
        assertThat(bytes.isComplete()).isFalse();
        readAll(bytes);
        long whole = bytes.bytes();
        assertThat(whole).isEqualTo(readOtherwise(position(null)));
        assertThat(bytes.behind(position(late))).isZero();
        assertThat(bytes.behind(position(early))).isEqualTo(readOtherwise(position(early)));

        CommittedEpoch last = log.commit(Drafts.of(30, Drafts.input("more than before")));
        readAll(bytes);
        long grown = readOtherwise(position(early));
        assertThat(bytes.behind(position(early))).isEqualTo(grown);
        assertThat(bytes.behind(position(last))).isZero();

        try (LogTopics topics = new LogTopics(connection)) {
          topics.deleteEvents(vm, position(early).offsets());
        }
        bytes.deletedBelow(position(early).offsets());
        assertThat(bytes.bytes()).isEqualTo(grown).isLessThan(whole);
        assertThat(bytes.behind(position(early))).isEqualTo(grown);
      }
    }
  }

  @Test
  void goesOn_whenTheLogIsCutOffBeforeItsEyes() {
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    try (FencedWriter right = KafkaEpochWriter.fence(connection, vm, PATIENCE);
        EpochLog log = right.begin(run, 1, ChainState.genesis(), PARTITIONS);
        EventBytes bytes = EventBytes.open(connection, vm, 1)) {
      log.commit(Drafts.first(PARTITIONS));
      CommittedEpoch cut = log.commit(Drafts.of(10));
      log.commit(Drafts.of(20));
      try (LogTopics topics = new LogTopics(connection)) {
        topics.deleteEvents(vm, position(cut).offsets());
      }
      readAll(bytes);
      assertThat(bytes.bytes()).isEqualTo(readOtherwise(position(cut)));
    }
  }

  /** What was committed last becomes visible a moment later. */
  private void readAll(EventBytes bytes) {
    long wanted = readOtherwise(null);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    do {
      bytes.readOn(Long.MAX_VALUE);
      assertThat(System.nanoTime()).as("bytes=%d", bytes.bytes()).isLessThan(deadline);
    } while (bytes.bytes() != wanted);
    assertThat(bytes.isComplete()).isTrue();
  }

  private LogPosition position(CommittedEpoch epoch) {
    TreeMap<Integer, Long> offsets = new TreeMap<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      offsets.put(partition, epoch == null ? 0 : epoch.offsets().getOrDefault(partition, 0L));
    }
    return new LogPosition(ChainState.genesis(), offsets);
  }

  /** Adds it up without the class that is tested; null for all that the log has. */
  private long readOtherwise(LogPosition from) {
    long bytes = 0;
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(KafkaSettings.reader(connection))) {
      for (int number = 0; number < PARTITIONS; number++) {
        TopicPartition partition = new TopicPartition(Topics.events(vm), number);
        List<TopicPartition> one = List.of(partition);
        consumer.assign(one);
        long first = consumer.beginningOffsets(one).get(partition);
        consumer.seek(
            partition, from == null ? first : Math.max(first, from.offsets().get(number)));
        long end = consumer.endOffsets(one).get(partition);
        while (consumer.position(partition) < end) {
          for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
            bytes += record.value().length + (record.key() == null ? 0 : record.key().length());
          }
        }
      }
    }
    return bytes;
  }
}
