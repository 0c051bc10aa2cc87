package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.Protection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;

/**
 * A simulated standby that gets a given part of a second's work done in a second, whose heartbeats
 * come late by random times, and a guest that obeys.
 */
@Tag("simulation")
class ProtectionPolicySimulationTest {
  private static final Duration INTERVAL = Duration.ofMillis(50);
  private static final double STEP_SECONDS = 0.005;
  private static final double MEASURED_SECONDS = 30;

  private record Beat(double dueSeconds, double appliedSeconds) {}

  /** What the last part of a simulation looked like; work is in seconds of the free guest. */
  private record Outcome(
      double primaryRate, double worstLag, int leastPermille, int mostPermille) {}

  @Property(tries = 200)
  void lagStaysBelowTheBound_andThePrimaryRunsAsFastAsTheStandby(
      @ForAll @DoubleRange(min = 0.1, max = 0.9) double speed,
      @ForAll @IntRange(min = 1_000, max = 10_000) int boundMillis,
      @ForAll long seed) {
    Outcome outcome = simulate(speed, boundMillis, seed);

    String what = "speed=" + speed + " boundMillis=" + boundMillis + " " + outcome;
    assertThat(outcome.worstLag()).as(what).isLessThanOrEqualTo(boundMillis / 1e3);
    assertThat(outcome.primaryRate()).as(what).isBetween(speed * 0.95, speed * 1.05);
    assertThat(outcome.mostPermille() - outcome.leastPermille())
        .as("swing: " + what)
        .isLessThan(200);
  }

  @Property(tries = 50)
  void guestIsNotSlowed_whenTheStandbyIsFaster(
      @ForAll @DoubleRange(min = 1.05, max = 20) double speed,
      @ForAll @IntRange(min = 1_000, max = 30_000) int boundMillis,
      @ForAll long seed) {
    Outcome outcome = simulate(speed, boundMillis, seed);

    assertThat(outcome.mostPermille()).as("%s", outcome).isZero();
    assertThat(outcome.primaryRate()).isBetween(0.999, 1.001);
  }

  private static Outcome simulate(double speed, int boundMillis, long seed) {
    Random random = new Random(seed);
    ProtectionSettings settings =
        new ProtectionSettings(
            Duration.ofMillis(boundMillis), 0, Duration.ofSeconds(2), false, Duration.ZERO);
    ProtectionPolicy policy = new ProtectionPolicy(settings, INTERVAL, 0);
    UUID standby = new UUID(0, 1);
    Deque<Beat> onTheWay = new ArrayDeque<>();
    double ran = 0;
    double applied = 0;
    double nextBeat = 0;
    double nextTurn = 0;
    long lagNanos = 0;
    int permille = 0;
    double settledRan = -1;
    double worstLag = 0;
    // Until the lag is half the bound, and then some time constants of the loop.
    double settling = boundMillis / 2e3 / Math.max(0.1, 1 - speed) + 5 * boundMillis / 1e3;
    List<Integer> settled = new ArrayList<>();
    for (double now = 0; now < settling + MEASURED_SECONDS; now += STEP_SECONDS) {
      ran += STEP_SECONDS * (1_000 - permille) / 1_000;
      applied = Math.min(ran, applied + STEP_SECONDS * speed);
      if (now >= nextBeat) {
        onTheWay.add(new Beat(now + random.nextDouble() * 0.05, applied));
        nextBeat = now + 0.05;
      }
      while (!onTheWay.isEmpty() && onTheWay.peek().dueSeconds() <= now) {
        lagNanos = (long) ((ran - onTheWay.poll().appliedSeconds()) * 1e9);
      }
      if (now >= nextTurn) {
        ProtectionPolicy.Follower follower =
            new ProtectionPolicy.Follower(standby, lagNanos, 0, 0, 0);
        permille =
            policy.decide((long) (now * TimeUnit.SECONDS.toNanos(1)), List.of(follower)).permille();
        nextTurn = now + random.nextDouble() * 0.05;
      }
      if (now >= settling) {
        settledRan = settledRan < 0 ? ran : settledRan;
        worstLag = Math.max(worstLag, ran - applied);
        settled.add(permille);
      }
    }
    return new Outcome(
        (ran - settledRan) / MEASURED_SECONDS,
        worstLag,
        settled.stream().mapToInt(Integer::intValue).min().orElseThrow(),
        settled.stream().mapToInt(Integer::intValue).max().orElseThrow());
  }

  @Property(tries = 200)
  void decisionIsAlwaysLegal(
      @ForAll long lag, @ForAll long epochs, @ForAll long silent, @ForAll long still) {
    ProtectionPolicy policy =
        new ProtectionPolicy(
            new ProtectionSettings(
                Duration.ofSeconds(2), 100, Duration.ofSeconds(2), true, Duration.ZERO),
            INTERVAL,
            0);
    ProtectionPolicy.Decision decision =
        policy.decide(
            1,
            List.of(
                new ProtectionPolicy.Follower(
                    new UUID(0, 1),
                    lag & Long.MAX_VALUE,
                    epochs & Long.MAX_VALUE,
                    silent & Long.MAX_VALUE,
                    still & Long.MAX_VALUE)));
    assertThat(decision.permille()).isBetween(0, 1_000);
    assertThat(decision.permille() == 1_000).isEqualTo(decision.state() == Protection.STOPPED);
  }
}
