package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.understudy.log.LogException;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a leader writes into a directory that does not take everything at once. */
@Timeout(60)
class DirectoryEntryTest {
  private static final Duration LONG = Duration.ofMinutes(5);

  private final Directory directory = new Directory();
  private boolean giveUp;

  @Test
  void leaderIsNamed_whenTheFirstAttemptsFailed() throws Exception {
    directory.refusals = 3;
    try (DirectoryEntry entry = entry()) {
      entry.start();

      assertThat(directory.awaitEntry().status()).isEqualTo(VmStatus.RUNNING);
    }
    assertThat(directory.asked).hasSize(4);
  }

  @Test
  void leaderIsNamed_whenAnAttemptFailsWithAnError() throws Exception {
    directory.failure = new OutOfMemoryError("test");
    directory.refusals = 1;
    try (DirectoryEntry entry = entry()) {
      entry.start();

      assertThat(directory.awaitEntry().status()).isEqualTo(VmStatus.RUNNING);
    }
  }

  @Test
  void nothingIsWrittenAnyMore_whenTheLeadershipIsOver() throws Exception {
    directory.refusals = Integer.MAX_VALUE;
    DirectoryEntry entry = entry();
    entry.start();
    entry.close();
    int asked = directory.asked.size();
    directory.refusals = 0;

    assertThat(directory.written.poll(500, TimeUnit.MILLISECONDS)).isNull();
    assertThat(directory.asked).hasSize(asked);
  }

  @Test
  void endIsWritten_whenTheFirstAttemptsFailed() throws Exception {
    directory.refusals = 2;
    try (DirectoryEntry entry = entry()) {
      entry.ended(LONG);
    }
    assertThat(directory.awaitEntry().status()).isEqualTo(VmStatus.ENDED);
  }

  /** The run has ended in good order all the same. */
  @Test
  void endIsGivenUpWithoutFailure_whenTimeIsUp() throws Exception {
    directory.refusals = Integer.MAX_VALUE;
    try (DirectoryEntry entry = entry()) {
      entry.ended(Duration.ofMillis(1));
    }
    assertThat(directory.asked).containsExactly(VmStatus.ENDED);
  }

  @Test
  void endIsGivenUp_whenTheNodeIsAskedToEnd() throws Exception {
    directory.refusals = Integer.MAX_VALUE;
    giveUp = true;
    try (DirectoryEntry entry = entry()) {
      entry.ended(LONG);
    }
    assertThat(directory.asked).containsExactly(VmStatus.ENDED);
  }

  @Test
  void interruptEndsTheAttempts() {
    directory.refusals = Integer.MAX_VALUE;
    try (DirectoryEntry entry = entry()) {
      directory.interrupts = true;
      assertThatThrownBy(() -> entry.ended(LONG)).isInstanceOf(InterruptedException.class);
    }
  }

  private DirectoryEntry entry() {
    return new DirectoryEntry(
        directory::publish,
        status -> new VmRecord("vm", new UUID(1, 2), 4, "ledger", 1, status, 1, "a", 1, 1),
        () -> giveUp);
  }

  /** Fails so often, then takes what comes. */
  private static final class Directory {
    private final List<VmStatus> asked = new ArrayList<>();
    private final BlockingQueue<VmRecord> written = new LinkedBlockingQueue<>();
    private Throwable failure = new LogException("not published");
    private volatile int refusals;
    private boolean interrupts;

    private synchronized void publish(VmRecord entry) {
      asked.add(entry.status());
      if (interrupts) {
        Thread.currentThread().interrupt();
      }
      if (asked.size() <= refusals) {
        if (failure instanceof Error error) {
          throw error;
        }
        throw (RuntimeException) failure;
      }
      written.add(entry);
    }

    private VmRecord awaitEntry() throws InterruptedException {
      VmRecord entry = written.poll(30, TimeUnit.SECONDS);
      assertThat(entry).as("an entry").isNotNull();
      return entry;
    }
  }
}
