package io.understudy.failover.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StandbyNeedsTest {
  private static final UUID RUN = new UUID(1, 2);
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final StandbyNeeds needs = new StandbyNeeds("a", RUN, Duration.ofSeconds(10), 0);

  private static Heartbeat beat(String node, UUID run, NodeRole role, long epoch, long checkpoint) {
    return new Heartbeat(
        "vm", run, node, new UUID(3, 4), role, "x", 1, epoch, 1, checkpoint, "", 0, 0, 0, 0);
  }

  private void heard(String node, long epoch, long checkpoint, long seconds) {
    needs.heard(beat(node, RUN, NodeRole.STANDBY, epoch, checkpoint), seconds * SECOND);
  }

  private void turn(long seconds) {
    needs.turn(seconds * SECOND, seconds * SECOND);
  }

  @Test
  void objects_untilItHasListenedForAsLongAsAStandbyMayBeSilent() {
    turn(10);
    assertThat(needs.objection(5)).hasValueSatisfying(why -> assertThat(why).contains("listened"));
    turn(11);
    assertThat(needs.objection(5)).isEmpty();
  }

  @Test
  void objects_whileAStandbyHasNotAppliedIt() {
    heard("b", 4, -1, 11);
    turn(11);
    assertThat(needs.objection(4)).isEmpty();
    assertThat(needs.objection(5))
        .hasValueSatisfying(why -> assertThat(why).contains("standby b").contains("epoch 5 on"));
    heard("b", 5, -1, 12);
    turn(12);
    assertThat(needs.objection(5)).isEmpty();
  }

  @Test
  void objects_whileAStandbysCheckpointIsBeforeIt() {
    heard("b", 50, 4, 11);
    turn(11);
    assertThat(needs.objection(5)).isPresent();
    assertThat(needs.objection(4)).isEmpty();
  }

  @Test
  void objects_whileAStandbyBegins() {
    needs.heard(beat("b", new UUID(0, 0), NodeRole.STANDBY, -1, -1), 11 * SECOND);
    turn(11);
    assertThat(needs.objection(0)).isPresent();
  }

  @Test
  void forgetsAStandbyThatIsSilent_butNotWhileNobodyIsHeard() {
    heard("b", 1, -1, 11);
    turn(21);
    assertThat(needs.objection(5)).isPresent();
    needs.turn(99 * SECOND, 21 * SECOND);
    assertThat(needs.objection(5)).as("the cluster was away since").isPresent();
    turn(22);
    assertThat(needs.objection(5)).isEmpty();
  }

  @Test
  void isNotImpressedByItselfLeadersAndOtherRuns() {
    heard("a", 1, -1, 11);
    needs.heard(beat("b", RUN, NodeRole.PRIMARY, 1, -1), 11 * SECOND);
    needs.heard(beat("c", new UUID(9, 9), NodeRole.STANDBY, 1, -1), 11 * SECOND);
    turn(11);
    assertThat(needs.objection(5)).isEmpty();
  }
}
