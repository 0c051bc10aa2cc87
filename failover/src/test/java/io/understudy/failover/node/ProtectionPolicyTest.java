package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.Protection;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProtectionPolicyTest {
  private static final Duration INTERVAL = Duration.ofMillis(50);
  private static final UUID A = new UUID(0, 1);
  private static final UUID B = new UUID(0, 2);

  private static ProtectionPolicy policy(boolean stops) {
    return policy(Duration.ofSeconds(2), 0, stops);
  }

  private static ProtectionPolicy policy(Duration maxLag, long maxLagEpochs, boolean stops) {
    return new ProtectionPolicy(
        new ProtectionSettings(
            maxLag, maxLagEpochs, Duration.ofSeconds(2), stops, Duration.ofSeconds(30)),
        INTERVAL,
        0);
  }

  private static long millis(long millis) {
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private static ProtectionPolicy.Follower trailing(UUID who, long lagMillis) {
    return new ProtectionPolicy.Follower(who, millis(lagMillis), 0, 0, 0);
  }

  @Test
  void guestIsFree_whileTheStandbyIsWithinHalfTheBound() {
    ProtectionPolicy.Decision decision = policy(false).decide(0, List.of(trailing(A, 1_000)));

    assertThat(decision.state()).isEqualTo(Protection.PROTECTED);
    assertThat(decision.permille()).isZero();
    assertThat(decision.standbys()).isOne();
  }

  @Test
  void guestIsHeldMoreTheFurtherTheStandbyIs_andNeverForGood() {
    ProtectionPolicy policy = policy(false);

    assertThat(policy.decide(0, List.of(trailing(A, 1_500))).permille()).isEqualTo(475);
    assertThat(policy.decide(0, List.of(trailing(A, 2_000))).permille()).isEqualTo(950);
    ProtectionPolicy.Decision far = policy.decide(0, List.of(trailing(A, 60_000)));
    assertThat(far.permille()).isEqualTo(950);
    assertThat(far.state()).isEqualTo(Protection.DEGRADED);
  }

  @Test
  void nearestStandbyDecides() {
    ProtectionPolicy policy = policy(false);
    policy.decide(0, List.of(trailing(A, 0), trailing(B, 0)));

    ProtectionPolicy.Decision decision =
        policy.decide(0, List.of(trailing(A, 5_000), trailing(B, 10)));

    assertThat(decision.permille()).isZero();
    assertThat(decision.standbys()).isEqualTo(2);
    assertThat(decision.lagNanos()).isEqualTo(millis(10));
  }

  @Test
  void standbyThatReplaysALongHistorySlowsNobody_untilItWasNearOnce() {
    ProtectionPolicy policy = policy(false);

    assertThat(policy.decide(0, List.of(trailing(A, 9_000))).state())
        .isEqualTo(Protection.UNPROTECTED);
    assertThat(policy.decide(0, List.of(trailing(A, 1_900))).state())
        .isEqualTo(Protection.DEGRADED);
    assertThat(policy.decide(0, List.of(trailing(A, 9_000))).permille()).isEqualTo(950);
  }

  @Test
  void silentAndStuckStandbysDoNotCount() {
    ProtectionPolicy policy = policy(false);
    policy.decide(0, List.of(trailing(A, 0)));

    ProtectionPolicy.Follower silent =
        new ProtectionPolicy.Follower(A, millis(1_800), 0, millis(2_001), 0);
    ProtectionPolicy.Follower stuck =
        new ProtectionPolicy.Follower(A, millis(1_800), 0, 0, millis(10_001));

    assertThat(policy.decide(0, List.of(silent)).state()).isEqualTo(Protection.UNPROTECTED);
    assertThat(policy.decide(0, List.of(stuck)).state()).isEqualTo(Protection.UNPROTECTED);
    assertThat(policy.decide(0, List.of(trailing(A, 3_000))).standbys())
        .as("has to come near again")
        .isZero();
  }

  @Test
  void epochsBoundTheLagAsWell() {
    ProtectionPolicy policy = policy(Duration.ZERO, 100, false);

    assertThat(policy.decide(0, List.of(new ProtectionPolicy.Follower(A, millis(9_000), 50, 0, 0))))
        .extracting(ProtectionPolicy.Decision::permille)
        .isEqualTo(0);
    assertThat(policy.decide(0, List.of(new ProtectionPolicy.Follower(A, 0, 75, 0, 0))).permille())
        .isEqualTo(475);
  }

  @Test
  void nobodyIsSlowed_whenBothBoundsAreOff() {
    ProtectionPolicy policy = policy(Duration.ZERO, 0, true);

    ProtectionPolicy.Decision decision =
        policy.decide(
            millis(60_000),
            List.of(new ProtectionPolicy.Follower(A, Long.MAX_VALUE, Long.MAX_VALUE, 0, 0)));

    assertThat(decision.state()).isEqualTo(Protection.PROTECTED);
    assertThat(decision.permille()).isZero();
  }

  @Test
  void guestStandsStillWithoutAStandby_onlyIfToldTo_andAfterTheGrace() {
    ProtectionPolicy runs = policy(false);
    ProtectionPolicy stops = policy(true);

    assertThat(runs.decide(millis(60_000), List.of()).state()).isEqualTo(Protection.UNPROTECTED);
    assertThat(stops.decide(millis(29_999), List.of()).state()).isEqualTo(Protection.UNPROTECTED);
    ProtectionPolicy.Decision stopped = stops.decide(millis(30_000), List.of());
    assertThat(stopped.state()).isEqualTo(Protection.STOPPED);
    assertThat(stopped.permille()).isEqualTo(1_000);
    assertThat(stops.decide(millis(31_000), List.of(trailing(A, 20))).state())
        .isEqualTo(Protection.PROTECTED);
    assertThat(stops.decide(millis(32_000), List.of()).state())
        .as("grace is for the start")
        .isEqualTo(Protection.STOPPED);
  }

  @Test
  void stateDoesNotFlicker_aroundTheEdge() {
    ProtectionPolicy policy = policy(false);

    policy.decide(0, List.of(trailing(A, 1_050)));
    ProtectionPolicy.Decision below = policy.decide(0, List.of(trailing(A, 950)));
    assertThat(below.permille()).isZero();
    assertThat(below.state()).isEqualTo(Protection.DEGRADED);
    assertThat(policy.decide(0, List.of(trailing(A, 700))).state()).isEqualTo(Protection.PROTECTED);
  }
}
