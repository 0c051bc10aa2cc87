package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.failover.coordinator.FailoverTimeline.Milestone;
import io.understudy.failover.front.Endpoint;
import io.understudy.failover.front.LinkLoss;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.VmStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Whole failovers against simulated nodes; times are milliseconds of the scripted clock. */
class CoordinatorTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void ordersTheStandby_whenTheLeaderDies() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("a").kill();

    scenario.until("a new leader", LONG, () -> scenario.node("b").isLeading());
    scenario.until("watching", LONG, () -> scenario.c1().state() == VmState.WATCHING);

    assertThat(scenario.orders()).hasSize(1);
    PromotionOrdered order = scenario.orders().get(0);
    assertThat(order.fromTerm()).isEqualTo(1);
    assertThat(order.toNode()).isEqualTo("b");
    assertThat(order.orderedBy()).isEqualTo("c1");
    assertThat(scenario.c1().watched().term()).isEqualTo(2);
    assertThat(scenario.c1().watched().leader()).contains("b");
    assertThat(scenario.c1().watched().isProtected()).isFalse();
  }

  @Test
  void declaresDeathAfterTheTimeout_withinOneTick_whenTheLeaderIsFrozen() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("a").freeze(true);

    long millis = scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);

    // The last beat was up to 50 ms old; a probe takes 3 ms each way through the cluster.
    assertThat(millis).isBetween(950L, 1010L);
  }

  @Test
  void declaresDeathAfterThreeIntervals_whenTheFrontSawTheProcessGo() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("a").kill();
    Endpoint a = new Endpoint("host-a", 7000);
    scenario.c1().front.listener.linkLost(a, LinkLoss.CLOSED, "reset");
    scenario.c1().front.listener.linkRefused(a, "refused");

    long millis = scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);

    assertThat(millis).isBetween(100L, 160L);
  }

  @Test
  void doesNotTakeADecisionOfTheFrontForALostLink() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("a").mute(true);
    Endpoint a = new Endpoint("host-a", 7000);
    scenario.c1().front.listener.linkLost(a, LinkLoss.REMOVED, "");
    scenario.c1().front.listener.linkRefused(a, "refused");
    scenario.run(Duration.ofMillis(400));

    assertThat(scenario.orders()).isEmpty();
  }

  @Test
  void ordersNothing_whenKafkaIsDownForTenSeconds() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.cluster.down(true);
    scenario.run(Duration.ofSeconds(10));
    assertThat(scenario.c1().coordinator.status().clusterSteady()).isFalse();
    assertThat(scenario.c1().state()).isEqualTo(VmState.SUSPECTING);
    scenario.cluster.down(false);
    // The standby is back at once, the leader not before 900 ms.
    scenario.node("a").mute(true);
    scenario.run(Duration.ofMillis(900));
    scenario.node("a").mute(false);
    scenario.run(Duration.ofSeconds(3));

    assertThat(scenario.orders()).isEmpty();
    assertThat(scenario.c1().state()).isEqualTo(VmState.WATCHING);
    assertThat(scenario.node("a").isLeading()).isTrue();
  }

  @Test
  void ordersAfterTheOutage_whenTheLeaderDiedInIt() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.cluster.down(true);
    scenario.run(SECOND);
    scenario.node("a").kill();
    scenario.run(Duration.ofSeconds(9));
    scenario.cluster.down(false);

    long millis = scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);

    assertThat(millis).isBetween(1000L, 1100L);
  }

  @Test
  void ordersNothing_whenTheCoordinatorItselfWasStopped() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.c1().paused = true;
    scenario.run(Duration.ofSeconds(10));
    scenario.c1().paused = false;
    scenario.run(Duration.ofSeconds(3));

    assertThat(scenario.orders()).isEmpty();
  }

  @Test
  void ordersNothing_whileTheLeaderCommitsButItsBeatsAreLost() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("a").mute(true);
    scenario.run(Duration.ofSeconds(5));

    assertThat(scenario.orders()).isEmpty();

    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
  }

  @Test
  void choosesTheStandbyThatIsFurthest() {
    FailoverScenario scenario = FailoverScenario.started("b", "c", "d");
    scenario.node("b").lag(50);
    scenario.node("c").lag(20);
    scenario.node("d").diverge();
    scenario.run(SECOND);
    scenario.node("a").kill();

    scenario.until("a new leader", LONG, () -> scenario.leader().isPresent());

    assertThat(scenario.orders()).extracting(PromotionOrdered::toNode).containsExactly("c");
  }

  @Test
  void choosesNoStandbyThatIsBeingRepaired() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("b").repair();
    scenario.node("c").lag(20);
    scenario.run(SECOND);
    scenario.node("a").kill();

    scenario.until("a new leader", LONG, () -> scenario.leader().isPresent());

    assertThat(scenario.orders()).extracting(PromotionOrdered::toNode).containsExactly("c");
  }

  @Test
  void choosesAStandbyThatWasRepaired() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("b").repair();
    scenario.node("c").lag(20);
    scenario.run(SECOND);
    scenario.node("b").repaired();
    scenario.run(SECOND);
    scenario.node("a").kill();

    scenario.until("a new leader", LONG, () -> scenario.leader().isPresent());

    assertThat(scenario.orders()).extracting(PromotionOrdered::toNode).containsExactly("b");
  }

  @Test
  void doesNotChooseADeadStandby() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("c").lag(20);
    scenario.run(SECOND);
    scenario.node("a").kill();
    scenario.node("b").kill();

    scenario.until("a new leader", LONG, () -> scenario.leader().isPresent());

    assertThat(scenario.orders()).extracting(PromotionOrdered::toNode).containsExactly("c");
  }

  @Test
  void reportsThatThereIsNoCandidate_andTakesTheFirstThatComes() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("a").kill();
    scenario.node("b").kill();
    scenario.until("no candidate", LONG, () -> scenario.c1().state() == VmState.NO_CANDIDATE);
    scenario.run(Duration.ofSeconds(30));
    assertThat(scenario.orders()).isEmpty();
    assertThat(scenario.c1().watched().isProtected()).isFalse();

    scenario.standby("e");
    scenario.until("a new leader", LONG, () -> scenario.node("e").isLeading());
    scenario.until("watching", LONG, () -> scenario.c1().state() == VmState.WATCHING);
  }

  @Test
  void ordersAnotherStandbyForTheSameTerm_whenTheCandidateDies() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    scenario.node("b").kill();

    scenario.until("a new leader", LONG, () -> scenario.node("c").isLeading());

    assertThat(scenario.orders()).extracting(PromotionOrdered::toNode).containsExactly("b", "c");
    assertThat(scenario.orders()).extracting(PromotionOrdered::fromTerm).containsExactly(1L, 1L);
    assertThat(scenario.c1().watched().failovers().get(0).orders()).isEqualTo(2);
  }

  /** The other one fell silent a moment later: it is not dead yet, and not heard of either. */
  @Test
  void looksOn_whenTheCandidateDiesAndTheOtherStandbyIsSilent() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("b").deaf(true);
    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    scenario.node("b").kill();
    scenario.run(Duration.ofMillis(100));
    scenario.node("c").kill();

    scenario.until("looks on", LONG, () -> scenario.c1().state() == VmState.SUSPECTING);
    scenario.until("no candidate", LONG, () -> scenario.c1().state() == VmState.NO_CANDIDATE);
    scenario.standby("e");
    scenario.until("a new leader", LONG, () -> scenario.node("e").isLeading());
  }

  @Test
  void ordersAgain_whenTheCandidateWasRestarted() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("b").deaf(true);
    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    scenario.standby("b");
    scenario.until("ordered again", LONG, () -> scenario.orders().size() == 2);

    assertThat(scenario.orders()).extracting(PromotionOrdered::fromTerm).containsExactly(1L, 1L);
    assertThat(scenario.orders().get(0).orderId()).isNotEqualTo(scenario.orders().get(1).orderId());
    scenario.until("a new leader", LONG, () -> scenario.leader().isPresent());
  }

  @Test
  void repeatsTheSameOrder_untilTheStandbyActs() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.c1().port.loseOrders(true);
    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    scenario.run(Duration.ofMillis(2500));
    assertThat(scenario.leader()).isEmpty();
    scenario.c1().port.loseOrders(false);

    scenario.until("a new leader", Duration.ofSeconds(2), () -> scenario.leader().isPresent());

    assertThat(scenario.orders()).hasSizeGreaterThan(2);
    assertThat(scenario.orders()).extracting(PromotionOrdered::orderId).containsOnly(id(scenario));
  }

  @Test
  void ordersAnotherStandby_whenTheCandidateDoesNotGetReady() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("b").deaf(true);
    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);

    long millis =
        scenario.until(
            "a new leader", Duration.ofSeconds(40), () -> scenario.node("c").isLeading());

    assertThat(millis).isBetween(30_000L, 31_000L);
  }

  @Test
  void goesBackToWatching_whenTheCandidateDiesAndTheLeaderLives() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("b").deaf(true);
    scenario.node("a").freeze(true);
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    scenario.node("b").kill();
    scenario.node("a").freeze(false);

    scenario.until("watching", LONG, () -> scenario.c1().state() == VmState.WATCHING);

    assertThat(scenario.c1().watched().term()).isEqualTo(1);
    assertThat(scenario.c1().watched().failovers()).isEmpty();
  }

  /** The term of the order is over before the order arrives; the standby must not act. */
  @Test
  void followsTheNewTerm_whenTheOrderIsVoid() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("b").deaf(true);
    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    // An operator helps himself past the coordinator: "c" takes over alone.
    scenario.cluster.log.writer = scenario.node("c").incarnation;
    assertThat(scenario.cluster.log.startTerm(scenario.node("c").incarnation, 1)).isTrue();
    scenario.node("b").deaf(false);
    scenario.run(Duration.ofMillis(300));

    assertThat(scenario.c1().watched().term()).isEqualTo(2);
    assertThat(scenario.c1().state()).isEqualTo(VmState.PROMOTED);
    assertThat(scenario.node("b").isLeading()).isFalse();
    // Nobody beats as the leader of term 2, so it is replaced like any other dead leader.
    scenario.until("term 3", LONG, () -> scenario.cluster.log.term == 3);
  }

  @Test
  void ignoresBeatsOfAZombie() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    SimulatedNode a = scenario.node("a");
    a.freeze(true);
    scenario.until("a new leader", LONG, () -> scenario.node("b").isLeading());
    scenario.run(SECOND);
    // It cannot commit while the cluster is down, so it does not learn that it is fenced.
    scenario.cluster.down(true);
    a.freeze(false);
    scenario.run(Duration.ofMillis(300));
    a.freeze(true);
    scenario.cluster.down(false);
    scenario.run(Duration.ofMillis(300));

    assertThat(scenario.c1().watched().term()).isEqualTo(2);
    assertThat(scenario.c1().watched().leader()).contains("b");
    scenario.node("b").kill();
    scenario.until("the next leader", LONG, () -> scenario.node("c").isLeading());
    assertThat(scenario.orders()).extracting(PromotionOrdered::fromTerm).containsExactly(1L, 2L);
  }

  @Test
  void aNewCoordinatorOrdersNothing_beforeItWatchedForAFullTimeout() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.c1().paused = true;
    scenario.run(SECOND);
    FailoverScenario.Member second = scenario.coordinator("c2");
    scenario.node("a").kill();
    second.coordinator.runOnce();
    Endpoint a = new Endpoint("host-a", 7000);
    second.front.listener.linkLost(a, LinkLoss.CLOSED, "");
    second.front.listener.linkRefused(a, "");

    long millis = scenario.until("ordered", LONG, () -> second.state() == VmState.ORDERED);

    assertThat(millis).isBetween(1000L, 1100L);
    scenario.until("a new leader", LONG, () -> scenario.node("b").isLeading());
  }

  @Test
  void aNewCoordinatorTakesOver_whenTheOldOneDiedWithAnOrderOut() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.node("b").deaf(true);
    scenario.node("a").kill();
    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    scenario.c1().paused = true;
    scenario.run(SECOND);
    FailoverScenario.Member second = scenario.coordinator("c2");

    scenario.until("follows the order", LONG, () -> second.state() == VmState.ORDERED);
    assertThat(second.port.orders).isEmpty();
    scenario.node("b").kill();
    scenario.until("a new leader", LONG, () -> scenario.node("c").isLeading());
    assertThat(second.port.orders).hasSize(1);
  }

  @Test
  void twoCoordinatorsMakeOneLeader() {
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.coordinator("c2");
    scenario.run(Duration.ofSeconds(2));
    scenario.node("a").kill();

    scenario.until("a new leader", LONG, () -> scenario.leader().isPresent());
    scenario.run(Duration.ofSeconds(5));

    assertThat(scenario.cluster.log.term).isEqualTo(2);
    assertThat(scenario.coordinators)
        .allSatisfy(member -> assertThat(member.state()).isEqualTo(VmState.WATCHING));
  }

  @Test
  void followsAnOperatorsOrder_whileTheLeaderLives() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.cluster.send(
        new PromotionOrdered(
            SimulatedNode.VM,
            SimulatedNode.RUN,
            1,
            "b",
            new UUID(9, 9),
            "maintenance",
            "operator",
            0));

    scenario.until("ordered", LONG, () -> scenario.c1().state() == VmState.ORDERED);
    scenario.until("a new leader", LONG, () -> scenario.node("b").isLeading());
    scenario.until("watching", LONG, () -> scenario.c1().state() == VmState.WATCHING);

    assertThat(scenario.orders()).isEmpty();
    assertThat(scenario.c1().watched().failovers()).hasSize(1);
  }

  @Test
  void recordsTheTimeline() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("a").kill();
    scenario.until("a new leader", LONG, () -> scenario.node("b").isLeading());
    scenario.run(Duration.ofMillis(100));
    scenario
        .c1()
        .front
        .listener
        .firstOutput(new Endpoint("host-b", 7000), 2, Instant.ofEpochSecond(1));
    scenario.run(SECOND);

    FailoverTimeline timeline = scenario.c1().watched().failovers().get(0);
    Map<Milestone, Duration> reached = timeline.sinceLastSign();
    assertThat(reached)
        .containsOnlyKeys(
            Milestone.DETECTED,
            Milestone.ORDERED,
            Milestone.FENCING,
            Milestone.DRAINING,
            Milestone.TERM_STARTED,
            Milestone.LIVE,
            Milestone.FIRST_OUTPUT);
    assertThat(List.copyOf(reached.values())).isSorted();
    assertThat(reached.get(Milestone.DETECTED)).isBetween(SECOND, SECOND.plusMillis(20));
    assertThat(timeline.fromNode()).isEqualTo("a");
    assertThat(timeline.toNode()).isEqualTo("b");
    assertThat(timeline.toTerm()).isEqualTo(2);
  }

  @Test
  void tellsTheFrontWhichNodesLive() {
    FailoverScenario scenario = FailoverScenario.started("b");
    Endpoint a = new Endpoint("host-a", 7000);
    Endpoint b = new Endpoint("host-b", 7000);
    assertThat(scenario.c1().front.nodes).containsExactlyInAnyOrder(a, b);

    scenario.cluster.down(true);
    scenario.run(Duration.ofSeconds(10));
    assertThat(scenario.c1().front.nodes).as("nobody can know").containsExactlyInAnyOrder(a, b);
    scenario.cluster.down(false);
    scenario.run(SECOND);
    scenario.node("a").kill();
    scenario.run(Duration.ofSeconds(2));

    assertThat(scenario.c1().front.nodes).containsExactly(b);
  }

  @Test
  void doesNotTellTheFrontOfNodes_thatOnlyLeftTheirLastBeatBehind() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.node("b").kill();
    scenario.run(Duration.ofSeconds(10));
    FailoverScenario.Member second = scenario.coordinator("c2");
    scenario.run(Duration.ofMillis(300));

    assertThat(second.front.nodes).containsExactly(new Endpoint("host-a", 7000));
  }

  @Test
  void stopsWatching_whenTheRunEnds() {
    FailoverScenario scenario = FailoverScenario.started("b");
    scenario.cluster.send(scenario.node("a").entry(1, VmStatus.ENDED));
    scenario.run(SECOND);
    scenario.node("a").kill();
    scenario.run(Duration.ofSeconds(5));

    assertThat(scenario.c1().state()).isEqualTo(VmState.ENDED);
    assertThat(scenario.orders()).isEmpty();
    FailoverScenario.Member second = scenario.coordinator("c2");
    scenario.run(Duration.ofSeconds(5));
    assertThat(second.state()).isEqualTo(VmState.ENDED);
    assertThat(second.front.listener).as("no front for an ended run").isNull();
  }

  @Test
  void watchesOn_whenAFrontsPortIsTaken_andOpensItWhenItIsFree() {
    FailoverScenario scenario = FailoverScenario.started("b");
    FailoverScenario.Member second = scenario.coordinator("c2");
    second.front.portIsTaken = true;
    scenario.run(Duration.ofSeconds(3));

    assertThat(second.watched().front()).isEmpty();
    assertThat(second.watched().frontProblem().orElseThrow())
        .contains("cannot listen")
        .contains("in use");
    scenario.c1().coordinator.close();
    scenario.node("a").kill();
    scenario.until("a new leader", LONG, () -> scenario.node("b").isLeading());

    second.front.portIsTaken = false;
    scenario.run(Duration.ofSeconds(2));
    assertThat(second.watched().frontProblem()).isEmpty();
    assertThat(second.watched().front()).isPresent();
    assertThat(second.front.opened).isEqualTo(1);
    assertThat(second.front.nodes).containsExactly(new Endpoint("host-b", 7000));
  }

  @Test
  void opensAFrontAgain_thatFailed_butNotOneThatANodeContradicted() {
    FailoverScenario scenario = FailoverScenario.started("b");
    FailoverScenario.ScriptedFront front = scenario.c1().front;

    front.listener.failed(new IllegalStateException("a bug"));
    scenario.run(Duration.ofMillis(500));
    assertThat(front.closed).isTrue();
    assertThat(scenario.c1().watched().frontProblem().orElseThrow()).contains("a bug");
    scenario.run(SECOND);
    assertThat(front.opened).isEqualTo(2);
    assertThat(scenario.c1().watched().frontProblem()).isEmpty();

    front.listener.inconsistent(new Endpoint("host-a", 7000), "less than was acknowledged");
    scenario.run(Duration.ofSeconds(5));
    assertThat(front.opened).isEqualTo(2);
    assertThat(scenario.c1().watched().frontProblem().orElseThrow()).contains("acknowledged");
  }

  @Test
  void closesItsFronts() {
    FailoverScenario scenario = FailoverScenario.started("b");

    scenario.c1().coordinator.close();
    scenario.c1().coordinator.close();

    assertThat(scenario.c1().front.closed).isTrue();
  }

  private static UUID id(FailoverScenario scenario) {
    return scenario.orders().get(0).orderId();
  }
}
