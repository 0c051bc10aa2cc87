package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;

/**
 * Random faults of nodes, cluster and coordinators, two coordinators at once. Invariants at every
 * step: at most one leader per term (the simulated log throws otherwise) and terms without gaps; at
 * the end, when the faults stop: a leader that commits.
 */
@Tag("simulation")
class CoordinatorSimulationTest {
  private static final List<String> NAMES = List.of("a", "b", "c");

  @Property(tries = 40)
  void alwaysComesToOneLeader(@ForAll long seed) {
    Random random = new Random(seed);
    FailoverScenario scenario = FailoverScenario.started("b", "c");
    scenario.coordinator("c2");

    for (int fault = 0; fault < 12; fault++) {
      fault(scenario, random);
      long millis = random.nextInt(2500);
      for (long i = 0; i < millis; i++) {
        step(scenario);
      }
    }
    heal(scenario);
    scenario.until(
        "a leader after all faults", Duration.ofSeconds(90), () -> scenario.leader().isPresent());
    long committed = scenario.cluster.log.committed;
    scenario.run(Duration.ofSeconds(5));

    assertThat(scenario.leader()).isPresent();
    assertThat(scenario.cluster.log.committed).isGreaterThan(committed + 4000);
    long term = scenario.cluster.log.term;
    assertThat(scenario.coordinators)
        .allSatisfy(
            member -> {
              assertThat(member.state()).as(scenario::describe).isEqualTo(VmState.WATCHING);
              assertThat(member.watched().term()).isEqualTo(term);
            });
  }

  private static void step(FailoverScenario scenario) {
    scenario.step();
    var leaders = scenario.cluster.log.leaders;
    assertThat(leaders.size()).isEqualTo((int) scenario.cluster.log.term - 1);
  }

  private static void fault(FailoverScenario scenario, Random random) {
    String name = NAMES.get(random.nextInt(NAMES.size()));
    SimulatedNode node = scenario.node(name);
    switch (random.nextInt(9)) {
      case 0 -> node.kill();
      case 1 -> node.freeze(true);
      case 2 -> node.freeze(false);
      case 3 -> {
        if (node.isDead()) {
          scenario.standby(name);
        }
      }
      case 4 -> scenario.cluster.down(!scenario.cluster.isDown());
      case 5 -> scenario.coordinators.get(random.nextInt(2)).paused = random.nextBoolean();
      case 6 -> node.mute(random.nextBoolean());
      case 7 -> node.lag(random.nextInt(100));
      case 8 -> scenario.coordinators.get(random.nextInt(2)).port.loseOrders(random.nextBoolean());
      default -> throw new AssertionError();
    }
  }

  private static void heal(FailoverScenario scenario) {
    scenario.cluster.down(false);
    for (FailoverScenario.Member member : scenario.coordinators) {
      member.paused = false;
      member.port.loseOrders(false);
    }
    for (String name : NAMES) {
      if (scenario.node(name).isDead()) {
        scenario.standby(name);
      }
      scenario.node(name).freeze(false);
      scenario.node(name).mute(false);
    }
  }
}
