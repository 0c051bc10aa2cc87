package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.failover.node.Comeback.Next;
import io.understudy.log.LogException;
import io.understudy.log.LogTruncatedException;
import io.understudy.machine.RunRefusedException;
import io.understudy.replay.ReplayDivergenceException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ComebackTest {
  private static final Duration SOON = Duration.ofSeconds(1);

  private final Comeback comeback = new Comeback(new Random(7));

  @ParameterizedTest
  @CsvSource({
    "REQUESTED,END",
    "DETACHED,END",
    "GUEST_ENDED,AWAIT_RUN",
    "FENCED,AGAIN",
    "LOG_TIMEOUT,AGAIN",
    "DIVERGED,WITHOUT_STORE",
    "FAILED,AGAIN"
  })
  void eachExitHasItsSequel(NodeExit.Kind kind, Next next) {
    assertThat(comeback.after(new NodeExit(kind, "why"), SOON)).isEqualTo(next);
  }

  @Test
  void uselessStoreIsLeftBehindWhereThereIsOne() {
    var damaged = new ReplayDivergenceException("restored another machine");

    assertThat(comeback.after(damaged, true, SOON)).isEqualTo(Next.WITHOUT_STORE);
    assertThat(comeback.after(damaged, false, SOON)).isEqualTo(Next.AGAIN);
  }

  @Test
  void logWithoutBeginningIsHopelessOnlyWithoutStore() {
    var truncated = new LogTruncatedException("cut", true);

    assertThat(comeback.after(truncated, true, SOON)).isEqualTo(Next.WITHOUT_STORE);
    assertThat(comeback.after(truncated, false, SOON)).isEqualTo(Next.GIVE_UP);
  }

  /** A person must decide whether the shorter history is to be followed. */
  @Test
  void logThatEndsBeforeTheCheckpointsLeavesThemWhereTheyAre() {
    var lost = new LogTruncatedException("lost", false);

    assertThat(comeback.after(lost, true, SOON)).isEqualTo(Next.GIVE_UP);
    assertThat(comeback.after(lost, false, SOON)).isEqualTo(Next.GIVE_UP);
  }

  @Test
  void givesUpAtOnce_whenNoRepetitionCanHelp() {
    assertThat(comeback.after(new RunRefusedException("other kernel"), true, SOON))
        .isEqualTo(Next.GIVE_UP);
  }

  @Test
  void neverGivesUp_whileTheClusterIsAway() {
    for (int i = 0; i < 100; i++) {
      assertThat(comeback.after(new LogException("away", null), true, SOON)).isEqualTo(Next.AGAIN);
    }
  }

  @Test
  void givesUp_whenTheUnforeseenHappensAgainAndAgain() {
    for (int i = 1; i < Comeback.UNFORESEEN_LIMIT; i++) {
      assertThat(comeback.after(new IllegalStateException("x"), true, SOON)).isEqualTo(Next.AGAIN);
    }

    assertThat(comeback.after(new IllegalStateException("x"), true, SOON)).isEqualTo(Next.GIVE_UP);
  }

  @Test
  void unforeseenFailuresAreForgiven_whenAnAttemptLasted() {
    for (int i = 0; i < 3 * Comeback.UNFORESEEN_LIMIT; i++) {
      assertThat(comeback.after(new IllegalStateException("x"), true, Comeback.LASTING))
          .isEqualTo(Next.AGAIN);
    }
  }

  @Test
  void pausesGrowToTheirBoundAndBeginAnew_whenAnAttemptLasted() {
    Duration before = Duration.ZERO;
    for (int i = 0; i < 20; i++) {
      comeback.after(new NodeExit(NodeExit.Kind.FENCED, "why"), SOON);
      Duration pause = comeback.pause();
      assertThat(pause).isBetween(Comeback.SHORTEST.dividedBy(2), Comeback.LONGEST);
      before = pause;
    }
    assertThat(before).isGreaterThanOrEqualTo(Comeback.LONGEST.dividedBy(2));

    comeback.after(new NodeExit(NodeExit.Kind.FENCED, "why"), Comeback.LASTING);

    assertThat(comeback.pause()).isLessThanOrEqualTo(Comeback.SHORTEST);
  }
}
