package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.failover.coordinator.Verdict.Life;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FailureDetectorTest {
  private static final long MILLI = 1_000_000;
  private static final UUID RUN = new UUID(1, 1);
  private static final UUID LEADER = new UUID(2, 1);
  private static final UUID OTHER = new UUID(2, 2);

  private final ClusterProbe probe = new ClusterProbe(Duration.ofMillis(500));
  private final FailureDetector detector =
      new FailureDetector(DetectorSettings.DEFAULT, probe, 1, Optional.empty(), 0);

  /** The leader beats and the probe comes back every 50 ms, up to and including {@code end}. */
  private void healthy(long start, long end) {
    for (long at = start; at <= end; at += 50) {
      beat("a", LEADER, NodeRole.PRIMARY, 1, at);
      probeAt(at);
    }
  }

  /** Only the probe comes back. */
  private void silent(long start, long end) {
    for (long at = start; at <= end; at += 50) {
      probeAt(at);
    }
  }

  private void probeAt(long atMillis) {
    probe.confirmed((atMillis - 2) * MILLI, atMillis * MILLI);
  }

  private void beat(String node, UUID incarnation, NodeRole role, long term, long atMillis) {
    detector.beat(
        new Heartbeat("demo", RUN, node, incarnation, role, "x", term, 1, 1, -1, "", 0, 0, 0, 0),
        atMillis * MILLI);
  }

  private Life lifeAt(long millis) {
    return detector.verdict(millis * MILLI).life();
  }

  @Test
  void isAliveWhileItBeats() {
    healthy(0, 5000);

    assertThat(lifeAt(5040)).isEqualTo(Life.ALIVE);
    assertThat(detector.node()).contains("a");
  }

  @Test
  void isSuspectAfterThreeIntervalsAndDeadAfterTheTimeout() {
    healthy(0, 2000);
    silent(2050, 2950);

    assertThat(lifeAt(2149)).isEqualTo(Life.ALIVE);
    assertThat(lifeAt(2150)).isEqualTo(Life.SUSPECT);
    assertThat(lifeAt(3100)).as("not confirmed by a probe").isEqualTo(Life.SUSPECT);
    probe.confirmed(3000 * MILLI, 3003 * MILLI);
    assertThat(lifeAt(3003)).isEqualTo(Life.DEAD);
  }

  @Test
  void isDeadAfterThreeIntervals_whenItsHostRefusesAfterALostLink() {
    healthy(0, 2000);
    detector.linkLost("a");
    detector.linkRefused("a", 2001 * MILLI);

    silent(2050, 2150);
    assertThat(lifeAt(2150)).as("confirmed only up to 2148").isEqualTo(Life.SUSPECT);
    probeAt(2152);

    assertThat(lifeAt(2152)).isEqualTo(Life.DEAD);
    assertThat(detector.verdict(2152 * MILLI).reason()).contains("refuses connections");
  }

  @Test
  void isNotDead_whenItsHostRefusesButItBeats() {
    healthy(0, 2000);
    detector.linkLost("a");
    detector.linkRefused("a", 2001 * MILLI);

    healthy(2050, 2400);

    assertThat(lifeAt(2400)).as("proven wrong").isEqualTo(Life.ALIVE);
    silent(2450, 2700);
    assertThat(lifeAt(2700)).as("the old evidence is void").isEqualTo(Life.SUSPECT);
  }

  @Test
  void needsALostLinkBeforeARefusalCounts() {
    healthy(0, 2000);
    detector.linkRefused("a", 2001 * MILLI);
    silent(2050, 2500);

    assertThat(lifeAt(2500)).isEqualTo(Life.SUSPECT);
  }

  @Test
  void ignoresLinksOfOtherNodes() {
    healthy(0, 2000);
    detector.linkLost("b");
    detector.linkRefused("b", 2001 * MILLI);
    silent(2050, 2500);

    assertThat(lifeAt(2500)).isEqualTo(Life.SUSPECT);
  }

  @Test
  void forgetsTheLostLink_whenItComesBack() {
    healthy(0, 2000);
    detector.linkLost("a");
    detector.linkUp("a");
    detector.linkRefused("a", 2001 * MILLI);
    silent(2050, 2500);

    assertThat(lifeAt(2500)).isEqualTo(Life.SUSPECT);
  }

  @Test
  void isDeadAfterThreeIntervals_whenItsNodeStartsAnotherProcess() {
    healthy(0, 2000);
    beat("a", OTHER, NodeRole.STANDBY, 1, 2040);
    silent(2050, 2200);

    assertThat(lifeAt(2200)).isEqualTo(Life.DEAD);
    assertThat(detector.verdict(2200 * MILLI).reason()).contains("another process");
  }

  @Test
  void countsACommitAsASignOfLife() {
    healthy(0, 2000);
    silent(2050, 2950);
    detector.committed(2950 * MILLI);
    silent(3000, 3100);

    assertThat(lifeAt(3100)).isEqualTo(Life.SUSPECT);
    silent(3150, 4000);
    assertThat(lifeAt(4000)).isEqualTo(Life.DEAD);
  }

  @Test
  void ignoresBeatsOfAnOldTerm() {
    healthy(0, 2000);
    beat("b", OTHER, NodeRole.PRIMARY, 2, 2010);
    for (long at = 2050; at <= 3100; at += 50) {
      beat("a", LEADER, NodeRole.PRIMARY, 1, at);
      probeAt(at);
    }

    assertThat(detector.term()).isEqualTo(2);
    assertThat(detector.node()).contains("b");
    assertThat(lifeAt(3100)).isEqualTo(Life.DEAD);
  }

  @Test
  void isNotAccusedByAnOldProcessOfItsNode() {
    beat("a", OTHER, NodeRole.PRIMARY, 1, 0);
    beat("a", LEADER, NodeRole.PRIMARY, 2, 10);
    for (long at = 50; at <= 2000; at += 50) {
      beat("a", LEADER, NodeRole.PRIMARY, 2, at);
      probeAt(at);
    }
    beat("a", OTHER, NodeRole.PRIMARY, 1, 2010);
    silent(2050, 2500);

    assertThat(lifeAt(2500)).isEqualTo(Life.SUSPECT);
  }

  @Test
  void waitsForTheLeaderOfATermThatAStandbyNames() {
    healthy(0, 2000);
    beat("b", OTHER, NodeRole.STANDBY, 5, 2010);

    assertThat(detector.term()).isEqualTo(5);
    assertThat(detector.node()).isEmpty();
    silent(2050, 2950);
    assertThat(lifeAt(2950)).isEqualTo(Life.SUSPECT);
    silent(3000, 3050);
    assertThat(lifeAt(3050)).isEqualTo(Life.DEAD);
  }

  @Test
  void judgesNobody_beforeItWatchedForAFullTimeout() {
    healthy(0, 0);
    detector.linkLost("a");
    detector.linkRefused("a", 1 * MILLI);

    silent(50, 950);
    assertThat(lifeAt(950)).isEqualTo(Life.SUSPECT);
    silent(1000, 1050);
    assertThat(lifeAt(1050)).isEqualTo(Life.DEAD);
  }

  @Test
  void judgesNobody_whenTheProbeDoesNotComeBack() {
    healthy(0, 2000);

    assertThat(lifeAt(60_000)).isEqualTo(Life.SUSPECT);
    assertThat(detector.verdict(60_000 * MILLI).reason()).contains("own probe");
  }

  /** The probe is younger than the timeout here although the cluster is down: ages would accuse. */
  @Test
  void judgesNobody_whenTheProbeStopsAtTheSameMoment() {
    healthy(0, 2000);
    probe.confirmed(2040 * MILLI, 2045 * MILLI);

    assertThat(lifeAt(3010)).isEqualTo(Life.SUSPECT);
  }

  @Test
  void givesAFullTimeoutAgain_afterTheClusterStalled() {
    healthy(0, 2000);
    detector.linkLost("a");
    detector.linkRefused("a", 2001 * MILLI);

    silent(12_000, 12_950);
    assertThat(lifeAt(12_950)).isEqualTo(Life.SUSPECT);
    silent(13_000, 13_050);
    assertThat(lifeAt(13_050)).isEqualTo(Life.DEAD);
  }

  @Test
  void saysWhenAProbeWouldDecide() {
    healthy(0, 2000);
    assertThat(detector.probeDueNanos()).isEqualTo(3000 * MILLI);

    detector.linkLost("a");
    detector.linkRefused("a", 2001 * MILLI);
    assertThat(detector.probeDueNanos()).isEqualTo(2150 * MILLI);
  }
}
