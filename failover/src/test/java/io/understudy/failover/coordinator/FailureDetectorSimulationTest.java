package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.failover.coordinator.Verdict.Life;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeTry;

@Tag("simulation")
class FailureDetectorSimulationTest {
  private static final long MILLI = 1_000_000;
  private static final UUID LEADER = new UUID(2, 1);
  private static final int TIMEOUT = 1000;

  private ClusterProbe probe;
  private FailureDetector detector;

  @BeforeTry
  void startAtZero() {
    probe = new ClusterProbe(Duration.ofMillis(500));
    detector = new FailureDetector(DetectorSettings.DEFAULT, probe, 1, Optional.of("a"), 0);
  }

  @Property(tries = 300)
  void accusesNobody_whileBeatsArriveWithJitterBelowTheTimeout(
      @ForAll long seed, @ForAll @IntRange(min = 50, max = 990) int worstGap) {
    Random random = new Random(seed);
    int beatDue = 0;
    int probeDue = 0;
    for (int now = 0; now < 20_000; now++) {
      if (now >= probeDue) {
        probe.confirmed((now - random.nextInt(40)) * MILLI, now * MILLI);
        probeDue = now + 10 + random.nextInt(90);
      }
      if (now >= beatDue) {
        beat(now);
        beatDue = now + 1 + random.nextInt(worstGap);
      }

      assertThat(detector.verdict(now * MILLI).life()).isNotEqualTo(Life.DEAD);
    }
  }

  /**
   * Outages stop beats and probes alike; the leader's come back later than ours, but in time:
   * before the next outage. Else its silence over two outages, of which nobody notices the second,
   * is what a dead leader's is.
   */
  @Property(tries = 300)
  void accusesNobody_whateverOutagesTheClusterHas(@ForAll long seed) {
    Random random = new Random(seed);
    int outageStart = 1000;
    int outageEnd = outageStart;
    int leaderBack = outageEnd;
    boolean heardSince = true;
    for (int now = 0; now < 40_000; now++) {
      if (now > leaderBack && heardSince) {
        outageStart = now + random.nextInt(5000);
        outageEnd = outageStart + random.nextInt(8000);
        // Shorter than the part of the timeout that a stall which goes unnoticed can use up.
        leaderBack = outageEnd + random.nextInt(430);
        heardSince = false;
      }
      boolean up = now < outageStart || now >= outageEnd;
      if (up && now % 50 == 0) {
        probe.confirmed((now - 3) * MILLI, now * MILLI);
      }
      if ((now < outageStart || now >= leaderBack) && now % 50 == 25) {
        beat(now);
        heardSince |= now >= leaderBack;
      }

      assertThat(detector.verdict(now * MILLI).life()).isNotEqualTo(Life.DEAD);
    }
  }

  @Property(tries = 300)
  void accusesADeadLeader_withinOneProbeAfterTheTimeout(
      @ForAll long seed, @ForAll @IntRange(min = 2000, max = 5000) int death) {
    Random random = new Random(seed);
    int lastBeat = 0;
    int probeDue = 0;
    int accused = -1;
    for (int now = 0; now < 10_000 && accused < 0; now++) {
      if (now < death && now % 50 == 0) {
        beat(now);
        lastBeat = now;
      }
      if (now >= probeDue) {
        probe.confirmed((now - random.nextInt(20)) * MILLI, now * MILLI);
        probeDue = now + 50;
      }
      if (detector.verdict(now * MILLI).life() == Life.DEAD) {
        accused = now;
      }
    }

    assertThat(accused).isBetween(lastBeat + TIMEOUT, lastBeat + TIMEOUT + 50 + 20 + 50);
  }

  private void beat(long millis) {
    detector.beat(
        new Heartbeat(
            "demo",
            new UUID(1, 1),
            "a",
            LEADER,
            NodeRole.PRIMARY,
            "LIVE",
            1,
            1,
            1,
            -1,
            "",
            0,
            0,
            0,
            0),
        millis * MILLI);
  }
}
