package io.understudy.capture.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.ChainState;
import io.understudy.log.CommittedEpoch;
import io.understudy.log.EpochDraft;
import io.understudy.log.InMemorySnapshotSink;
import io.understudy.log.LogException;
import io.understudy.machine.Machine;
import io.understudy.schemas.HashChain;
import io.understudy.schemas.SnapshotPart;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rounds over a machine of few pages that another thread writes all the time. */
@Timeout(60)
class SnapshotTakerTest {
  private static final int MEMORY_PAGES = 600;
  private static final int PAGES = 700;
  private static final int PARTITIONS = 3;
  private static final CloneSettings FAST = new CloneSettings(1L << 40, 8, 6, PAGES);

  private final InMemorySnapshotSink sink = new InMemorySnapshotSink();

  /** Also pages that are written and then as before between two marks, and were read meanwhile. */
  @RepeatedTest(20)
  void snapshotIsTheMachineAtItsEpoch_whilePagesRace(RepetitionInfo repetition) throws Exception {
    long seed = repetition.getCurrentRepetition();
    try (Guest guest = new Guest(seed, FAST)) {
      SnapshotPart.Completed manifest = guest.take(-1).get(30, TimeUnit.SECONDS).orElseThrow();

      InMemorySnapshotSink.Taken taken = sink.taken().get(0);
      assertThat(manifest.isComplete()).isTrue();
      assertThat(manifest.offsets()).hasSize(PARTITIONS);
      byte[][] restored = new byte[PAGES][Machine.PAGE_SIZE];
      taken.pages().forEach((number, content) -> restored[number] = content);
      byte[][] expected = guest.at(manifest.epoch());
      for (int page = 0; page < PAGES; page++) {
        assertThat(restored[page]).as("seed=%s page=%s", seed, page).isEqualTo(expected[page]);
      }
      assertThat(taken.state())
          .isEqualTo(("state " + manifest.epoch()).getBytes(StandardCharsets.US_ASCII));
    }
  }

  @RepeatedTest(10)
  void differenceOnTopOfAnOldStateIsTheMachine(RepetitionInfo repetition) throws Exception {
    long seed = 100L + repetition.getCurrentRepetition();
    try (Guest guest = new Guest(seed, FAST)) {
      long since = guest.awaitEpoch(Guest.OPENING + 2L);
      SnapshotPart.Completed manifest = guest.take(since).get(30, TimeUnit.SECONDS).orElseThrow();

      assertThat(manifest.sinceEpoch()).isEqualTo(since);
      byte[][] restored = guest.at(since).clone();
      sink.taken().get(0).pages().forEach((number, content) -> restored[number] = content);
      byte[][] expected = guest.at(manifest.epoch());
      for (int page = 0; page < PAGES; page++) {
        assertThat(restored[page]).as("seed=%s page=%s", seed, page).isEqualTo(expected[page]);
      }
    }
  }

  @Test
  void snapshotIsComplete_whenChangesSinceThenAreNotKnown() throws Exception {
    try (Guest guest = new Guest(1, FAST)) {
      assertThat(guest.take(Guest.OPENING - 1).get(30, TimeUnit.SECONDS).orElseThrow().isComplete())
          .isTrue();
    }
  }

  @Test
  void nothingIsLeftAndTheNextOneWorks_whenTheSinkFails() throws Exception {
    try (Guest guest = new Guest(2, FAST)) {
      sink.failAtPiece(2);
      CompletableFuture<Optional<SnapshotPart.Completed>> failing = guest.take(-1);
      assertThatThrownBy(() -> failing.get(30, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(LogException.class);
      assertThat(sink.taken()).isEmpty();

      assertThat(guest.taker.statistics().failures()).isEqualTo(1);
      assertThat(guest.taker.statistics().clones()).isZero();

      List<SnapshotPart.Completed> taken = new ArrayList<>();
      for (int count = 0; count < 2; count++) {
        taken.add(guest.take(-1).get(30, TimeUnit.SECONDS).orElseThrow());
      }
      assertThat(sink.taken()).hasSize(2);
      CloneStatistics statistics = guest.taker.statistics();
      assertThat(statistics.failures()).isEqualTo(1);
      assertThat(statistics.clones()).isEqualTo(2);
      assertThat(statistics.bytes())
          .isEqualTo(taken.stream().mapToLong(SnapshotPart.Completed::bytes).sum());
      assertThat(statistics.pages())
          .isEqualTo(taken.stream().mapToLong(SnapshotPart.Completed::pages).sum());
      assertThat(statistics.rounds())
          .isEqualTo(taken.stream().mapToLong(SnapshotPart.Completed::rounds).sum());
      assertThat(statistics.pauseNanos() / 1_000)
          .isEqualTo(taken.stream().mapToLong(SnapshotPart.Completed::pauseMicros).sum());
      assertThat(statistics.maxPauseMicros())
          .isEqualTo(
              taken.stream().mapToLong(SnapshotPart.Completed::pauseMicros).max().orElseThrow());
      assertThat(statistics.nanos()).isGreaterThan(statistics.pauseNanos());
    }
  }

  /** A guest that writes faster than it can be copied is stopped all the same. */
  @Test
  void isCutAfterAsManyRoundsAsAllowed_whenTheGuestWritesAllTheTime() throws Exception {
    try (Guest guest = new Guest(3, new CloneSettings(1L << 40, 0, 4, PAGES))) {
      SnapshotPart.Completed manifest = guest.take(-1).get(30, TimeUnit.SECONDS).orElseThrow();
      assertThat(manifest.rounds()).isLessThanOrEqualTo(5 + PARTITIONS);
    }
  }

  /** The heap is no place for most of the memory. */
  @Test
  void isGivenUp_whenTooMuchIsLeftForTheCut() throws Exception {
    try (Guest guest = new Guest(5, new CloneSettings(1L << 40, 0, 4, 0))) {
      CompletableFuture<Optional<SnapshotPart.Completed>> taking = guest.take(-1);
      assertThatThrownBy(() -> taking.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(LogException.class)
          .hasMessageContaining("writes faster than its memory is copied");
      assertThat(sink.taken()).isEmpty();
    }
  }

  @Test
  void nothingIsTakenAndNothingIsRead_whenTheLeadershipEnds() throws Exception {
    Guest guest = new Guest(4, new CloneSettings(1 << 20, 0, 100, PAGES));
    CompletableFuture<Optional<SnapshotPart.Completed>> taking = guest.take(-1);
    guest.awaitEpoch(Guest.OPENING + 3L);
    guest.close();
    assertThat(guest.taker.statistics().failures()).as("an end is no failure").isZero();
    int reads = guest.reads.get();
    assertThat(taking.get(30, TimeUnit.SECONDS)).isEmpty();
    assertThat(guest.reads.get()).as("pages read after the end").isEqualTo(reads);
    assertThat(sink.taken()).isEmpty();
  }

  /** A machine whose pages one thread writes, which also closes and commits epochs. */
  private final class Guest implements ClonedMachine, AutoCloseable {
    static final long OPENING = 7;

    private final byte[][] pages = new byte[PAGES][Machine.PAGE_SIZE];
    private final Map<Long, byte[][]> history = new TreeMap<>();
    private final AtomicInteger reads = new AtomicInteger();
    private final BitSet changed = new BitSet();
    private final BitSet touched = new BitSet();
    private final BitSet overlay = new BitSet();
    private final Random random;
    private final SnapshotTaker taker;
    private final Thread thread = new Thread(this::run, "guest");
    private volatile long epoch = OPENING;
    private volatile boolean stopped;

    Guest(long seed, CloneSettings settings) {
      this.random = new Random(seed);
      this.taker = new SnapshotTaker(this, new byte[] {1}, PARTITIONS, settings, "node", () -> {});
      for (int count = 0; count < 200; count++) {
        write(random.nextInt(PAGES));
      }
      taker.opened(OPENING);
      remember();
      thread.start();
    }

    private void run() {
      TreeMap<Integer, Long> offsets = new TreeMap<>(Map.of((int) (OPENING % PARTITIONS), OPENING));
      while (!stopped) {
        int writes = random.nextInt(60);
        for (int count = 0; count < writes; count++) {
          if (random.nextBoolean()) {
            write(random.nextInt(PAGES));
          } else {
            flicker();
          }
        }
        long closing = epoch + 1;
        epoch = closing;
        remember();
        taker.marked(new EpochDraft.Mark(closing, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0));
        offsets.put((int) (closing % PARTITIONS), closing);
        taker.committed(
            new CommittedEpoch(
                closing,
                1,
                new ChainState(closing + 1, closing + 1, 1, HashChain.genesis()),
                1,
                offsets));
        LockSupport.parkNanos(200_000);
      }
    }

    private void write(int page) {
      byte value = (byte) random.nextInt(4);
      Arrays.fill(pages[page], value);
      touched.set(page);
      changed.set(page);
      if (page >= MEMORY_PAGES) {
        overlay.set(page);
      }
    }

    /** Changes a page of memory and changes it back; a reader in between sees something wrong. */
    private void flicker() {
      int page = random.nextInt(MEMORY_PAGES);
      byte[] before = pages[page].clone();
      Arrays.fill(pages[page], (byte) 99);
      LockSupport.parkNanos(1);
      System.arraycopy(before, 0, pages[page], 0, before.length);
      touched.set(page);
    }

    private void remember() {
      byte[][] copy = new byte[PAGES][];
      for (int page = 0; page < PAGES; page++) {
        copy[page] = pages[page].clone();
      }
      synchronized (history) {
        history.put(epoch, copy);
      }
    }

    byte[][] at(long wanted) {
      synchronized (history) {
        return history.get(wanted);
      }
    }

    long awaitEpoch(long wanted) {
      while (epoch < wanted) {
        Thread.onSpinWait();
      }
      return wanted;
    }

    CompletableFuture<Optional<SnapshotPart.Completed>> take(long since) {
      return CompletableFuture.supplyAsync(
          () -> {
            try {
              return taker.take(new UUID(1, 1), since, sink);
            } catch (InterruptedException interrupted) {
              throw new IllegalStateException(interrupted);
            }
          });
    }

    @Override
    public Machine.Writes takeWrites() {
      Machine.Writes writes =
          new Machine.Writes((BitSet) changed.clone(), (BitSet) touched.clone());
      changed.clear();
      touched.clear();
      return writes;
    }

    @Override
    public BitSet presentPages() {
      BitSet present = (BitSet) overlay.clone();
      present.set(0, MEMORY_PAGES);
      return present;
    }

    @Override
    public int pageCount() {
      return PAGES;
    }

    @Override
    public int memoryPageCount() {
      return MEMORY_PAGES;
    }

    @Override
    public void readPage(int number, byte[] target) {
      reads.incrementAndGet();
      System.arraycopy(pages[number], 0, target, 0, target.length);
    }

    @Override
    public byte[] state() {
      return ("state " + epoch).getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
      taker.stop();
      stopped = true;
      try {
        thread.join();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
