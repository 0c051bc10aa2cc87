package io.understudy.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.VmId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of the log ports promises; run for Kafka and for the fake. */
abstract class EpochLogContractTest {
  static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final Duration NOW = Duration.ofMillis(50);

  final UUID run = UUID.randomUUID();
  final VmId vm = new VmId("contract-" + UUID.randomUUID().toString().substring(0, 8));

  /** Creates the empty log of {@link #vm}. */
  abstract void create(int partitions);

  abstract FencedWriter fence();

  /** A null start is the beginning. */
  abstract EpochSource source(UUID ofRun, LogPosition start);

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void readsBackWhatWasCommitted_whenReadFromStart(int partitions) {
    create(partitions);
    List<EpochDraft> drafts = drafts(partitions, 25);
    List<CommittedEpoch> committed = commitAll(partitions, drafts);

    try (EpochSource source = source(null, null)) {
      List<Epoch> epochs = drain(source);

      assertThat(epochs).hasSameSizeAs(drafts);
      long sequence = 0;
      for (int number = 0; number < drafts.size(); number++) {
        Epoch epoch = epochs.get(number);
        assertThat(epoch.number()).isEqualTo(number);
        assertThat(epoch.term()).isEqualTo(1);
        assertThat(entries(epoch)).isEqualTo(drafts.get(number).entries());
        assertThat(epoch.markRecord().position()).isEqualTo(drafts.get(number).mark().position());
        assertThat(epoch.mark().firstSequence()).isEqualTo(sequence);
        assertThat(epoch.next().chain()).isEqualTo(committed.get(number).next());
        sequence += epoch.events().size() + 1;
      }
      assertThat(source.position()).isEqualTo(epochs.get(epochs.size() - 1).next());
    }
  }

  /** Offsets of a commit are where a reader goes on that has the machine at that epoch's end. */
  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void readerGoesOnBehindAnyEpoch_whereItsCommitSaid(int partitions) {
    create(partitions);
    List<EpochDraft> drafts = drafts(partitions, 12);
    for (CommittedEpoch committed : commitAll(partitions, drafts)) {
      int written = (int) Math.min(partitions, committed.number() + 1);
      assertThat(committed.offsets()).as("of %s", committed.number()).hasSize(written);
      if (written == partitions) {
        LogPosition position = new LogPosition(committed.next(), committed.offsets());
        try (EpochSource source = source(run, position)) {
          List<Epoch> rest = drain(source);
          assertThat(rest).hasSize(drafts.size() - 1 - (int) committed.number());
          if (!rest.isEmpty()) {
            assertThat(rest.get(0).number()).isEqualTo(committed.number() + 1);
          }
        }
      }
    }
  }

  @Test
  void pollReturnsNull_whenNothingWasCommitted() {
    create(4);
    try (FencedWriter right = fence();
        EpochSource source = source(null, null)) {
      assertThat(right).isNotNull();
      assertThat(source.poll(NOW)).isNull();
      assertThat(source.reached(source.end())).isTrue();
    }
  }

  @Test
  void pollSeesEpochs_whenCommittedAfterItWasOpened() {
    create(4);
    try (FencedWriter right = fence();
        EpochLog log = right.begin(run, 1, ChainState.genesis(), 4);
        EpochSource source = source(run, LogPosition.genesis(4))) {
      log.commit(Drafts.first(4));
      assertThat(source.poll(DEADLINE).number()).isZero();
      assertThat(source.poll(NOW)).isNull();

      log.commit(Drafts.of(10));
      Epoch second = source.poll(DEADLINE);
      assertThat(second.number()).isEqualTo(1);
      assertThat(second.events()).isEmpty();
    }
  }

  @Test
  void formerWriterCommitsNothing_whenFenced() {
    create(4);
    try (FencedWriter former = fence();
        EpochLog formerLog = former.begin(run, 1, ChainState.genesis(), 4)) {
      ChainState chain = formerLog.commit(Drafts.first(4)).next();

      try (FencedWriter right = fence();
          EpochSource source = source(run, null)) {
        LogEnd end = source.end();
        assertThatThrownBy(() -> formerLog.commit(Drafts.of(10)))
            .isInstanceOf(LogFencedException.class);
        assertThatThrownBy(() -> formerLog.commit(Drafts.of(10)))
            .isInstanceOf(LogFencedException.class)
            .hasMessageContaining("unusable");
        assertThat(drain(source)).hasSize(1);
        assertThat(source.position().chain()).isEqualTo(chain);
        assertThat(source.end()).isEqualTo(end);

        try (EpochLog log = right.begin(run, 2, chain, 4)) {
          log.commit(Drafts.takeOver(chain));
          log.commit(Drafts.of(30, new GuestEvent.ClockAdvanced(7)));
        }
        settle();
        List<Epoch> rest = drain(source);
        assertThat(rest).extracting(Epoch::number).containsExactly(1L, 2L);
        assertThat(rest).extracting(Epoch::term).containsOnly(2L);
      }
    }
  }

  @Test
  void beginRefuses_whenTermDoesNotContinueOrItWasBegun() {
    create(1);
    try (FencedWriter right = fence()) {
      assertThatThrownBy(() -> right.begin(run, 2, ChainState.genesis(), 1))
          .isInstanceOf(IllegalArgumentException.class);
      try (EpochLog log = right.begin(run, 1, ChainState.genesis(), 1)) {
        assertThat(log.state()).isEqualTo(ChainState.genesis());
        assertThatThrownBy(() -> right.begin(run, 1, ChainState.genesis(), 1))
            .isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void commitRefusesDraftAndStaysUsable_whenHeaderIsMissingOrMisplaced() {
    create(1);
    try (FencedWriter right = fence();
        EpochLog log = right.begin(run, 1, ChainState.genesis(), 1)) {
      assertThatThrownBy(() -> log.commit(Drafts.of(0, new GuestEvent.ClockAdvanced(1))))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("RunStarted");
      log.commit(Drafts.first(1));
      assertThatThrownBy(() -> log.commit(Drafts.first(1)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(
              () -> log.commit(Drafts.of(10, new GuestEvent.TermStarted("b", "no reason", 1))))
          .isInstanceOf(IllegalArgumentException.class);
      log.commit(Drafts.of(10));

      settle();
      try (EpochSource source = source(null, null)) {
        assertThat(drain(source)).hasSize(2);
      }
    }
  }

  @Test
  void commitRefusesEvent_whenItIsLargerThanARecordMayBe() {
    create(1);
    try (FencedWriter right = fence();
        EpochLog log = right.begin(run, 1, ChainState.genesis(), 1)) {
      EpochDraft tooLarge = Drafts.of(0, Drafts.runStarted(1, "x".repeat(900 * 1024)));
      assertThatThrownBy(() -> log.commit(tooLarge))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("maximum=921600");

      EpochDraft justFits = Drafts.of(0, Drafts.runStarted(1, "x".repeat(899 * 1024)));
      assertThat(log.commit(justFits).sizeBytes()).isGreaterThan(899 * 1024);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void yieldsSameRest_whenResumedAtAnyPosition(int partitions) {
    create(partitions);
    commitAll(partitions, drafts(partitions, 12));
    List<Epoch> all;
    try (EpochSource source = source(null, null)) {
      all = drain(source);
    }

    for (int number = 0; number < all.size(); number++) {
      try (EpochSource source = source(run, all.get(number).next())) {
        assertThat(drain(source)).isEqualTo(all.subList(number + 1, all.size()));
      }
    }
  }

  @Test
  void reachedIsFalse_untilEveryEpochBelowTheEndWasReturned() {
    create(4);
    commitAll(4, drafts(4, 9));
    try (EpochSource source = source(run, null)) {
      LogEnd end = source.end();
      for (int number = 0; number < 9; number++) {
        assertThat(source.reached(end)).as("before epoch %d", number).isFalse();
        assertThat(source.poll(DEADLINE).number()).isEqualTo(number);
      }
      assertThat(reachedSoon(source, end)).isTrue();
    }
  }

  /** Everything up to the end as of now. */
  static List<Epoch> drain(EpochSource source) {
    LogEnd end = source.end();
    List<Epoch> epochs = new ArrayList<>();
    long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
    while (!source.reached(end)) {
      assertThat(System.nanoTime() - deadlineNanos)
          .as("not drained in time: end=%s position=%s", end, source.position())
          .isNegative();
      Epoch epoch = source.poll(NOW);
      if (epoch != null) {
        epochs.add(epoch);
      }
    }
    return epochs;
  }

  /** The end includes what was committed last only after a fence, see {@link LogEnd}. */
  private void settle() {
    fence().close();
  }

  /** The last poll may still have to step over a commit marker. */
  private static boolean reachedSoon(EpochSource source, LogEnd end) {
    assertThat(drain(source)).isEmpty();
    return source.reached(end);
  }

  private List<EpochDraft> drafts(int partitions, int count) {
    Random random = new Random(count * 31L + partitions);
    List<EpochDraft> drafts = new ArrayList<>();
    drafts.add(Drafts.first(partitions));
    for (int epoch = 1; epoch < count; epoch++) {
      drafts.add(Drafts.random(random, epoch));
    }
    return drafts;
  }

  private List<CommittedEpoch> commitAll(int partitions, List<EpochDraft> drafts) {
    List<CommittedEpoch> committed = new ArrayList<>();
    try (FencedWriter right = fence();
        EpochLog log = right.begin(run, 1, ChainState.genesis(), partitions)) {
      drafts.forEach(draft -> committed.add(log.commit(draft)));
    }
    settle();
    return committed;
  }

  private static List<EpochDraft.Entry> entries(Epoch epoch) {
    List<EpochDraft.Entry> entries = new ArrayList<>();
    for (EventRecord event : epoch.events()) {
      entries.add(
          new EpochDraft.Entry(event.position(), event.rip(), event.registers(), event.event()));
    }
    return entries;
  }
}
