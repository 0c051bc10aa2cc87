package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A log loses its beginning up to a verified snapshot, and for no other reason. */
@Timeout(120)
class LogTrimTest {
  private static final int PARTITIONS = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final UUID run = UUID.randomUUID();
  private final VmId vm = new VmId("trim-" + UUID.randomUUID().toString().substring(0, 8));

  @Test
  void deletesWhatIsBeforeTheVerifiedSnapshotAlone() {
    ClusterConnection connection = TestBroker.connection();
    try (LogTopics topics = new LogTopics(connection)) {
      topics.create(vm, PARTITIONS);
    }
    try (FencedWriter right = KafkaEpochWriter.fence(connection, vm, PATIENCE);
        EpochLog log = right.begin(run, 1, ChainState.genesis(), PARTITIONS)) {
      assertThatThrownBy(() -> LogTrim.plan(connection, vm)).hasMessageContaining("no run");
      log.commit(Drafts.first(PARTITIONS));
      awaitRun(connection);
      assertThatThrownBy(() -> LogTrim.plan(connection, vm))
          .isInstanceOf(LogException.class)
          .hasMessageContaining("no complete snapshot")
          .hasMessageContaining("understudy snapshot --vm " + vm);

      log.commit(Drafts.of(10));
      TestSnapshots.take(connection, vm, run, log.commit(Drafts.of(20)));
      assertThatThrownBy(() -> LogTrim.plan(connection, vm))
          .hasMessageContaining("nobody has restored and verified");

      TestSnapshots.verifyNewest(connection, vm, run);
      log.commit(Drafts.of(30));
      // A newer one that nobody has verified changes nothing.
      TestSnapshots.take(connection, vm, run, log.commit(Drafts.of(40)));
      LogTrim trim = LogTrim.plan(connection, vm);
      assertThat(trim.snapshot().manifest().epoch()).isEqualTo(2);
      assertThat(LogExtent.of(connection, vm).isWhole()).as("planning deletes nothing").isTrue();

      assertThat(LogStart.earliest(connection, vm)).isEqualTo(LogStart.BEGINNING);
      assertThat(LogStart.before(connection, vm, 2)).isEqualTo(LogStart.BEGINNING);
      assertThat(LogStart.before(connection, vm, 3).snapshot()).isEqualTo(trim.snapshot());

      trim.apply(connection);
      assertThat(LogExtent.of(connection, vm).isWhole()).isFalse();
      assertThat(LogExtent.of(connection, vm).run()).isEqualTo(run);
      assertThatThrownBy(() -> EpochReader.fromStart(connection, vm).close())
          .isInstanceOfSatisfying(
              LogTruncatedException.class, cut -> assertThat(cut.isCutOff()).isTrue());
      LogStart earliest = LogStart.earliest(connection, vm);
      assertThat(earliest.snapshot()).isEqualTo(trim.snapshot());
      assertThat(earliest.firstEpoch()).isEqualTo(3);
      try (EpochSource source = earliest.open(connection, vm)) {
        assertThat(source.poll(PATIENCE).number()).isEqualTo(3);
        assertThat(source.poll(PATIENCE).number()).isEqualTo(4);
      }
      assertThat(LogStart.before(connection, vm, 5).firstEpoch()).as("the newest").isEqualTo(5);
      assertThat(LogStart.before(connection, vm, 4)).isEqualTo(earliest);
      assertThatThrownBy(() -> LogStart.before(connection, vm, 2))
          .isInstanceOfSatisfying(
              LogTruncatedException.class, cut -> assertThat(cut.isCutOff()).isTrue())
          .hasMessageContaining("can be read from epoch 3 on: fromEpoch=2");
      assertThat(LogTrim.plan(connection, vm).offsets()).as("left to delete").isZero();
    }
  }

  /** A commit is acknowledged a moment before readers see it. */
  private void awaitRun(ClusterConnection connection) {
    long deadlineNanos = System.nanoTime() + PATIENCE.toNanos();
    while (LogExtent.of(connection, vm).run() == null) {
      assertThat(System.nanoTime() - deadlineNanos).as("the first epoch is seen").isNegative();
    }
  }
}
