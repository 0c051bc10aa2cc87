package io.understudy.systemtests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What nodes say of themselves is compared. */
class BeatLogTest {
  private static final UUID FIRST = new UUID(1, 1);
  private static final UUID SECOND = new UUID(2, 2);

  @Test
  void isRight_whenEachTermHasOneLeader() {
    assertThat(
            BeatLog.violations(
                List.of(
                    beat(FIRST, NodeRole.PRIMARY, 1, 0),
                    beat(SECOND, NodeRole.STANDBY, 1, 0),
                    beat(SECOND, NodeRole.PRIMARY, 2, 0),
                    beat(FIRST, NodeRole.PRIMARY, 1, 0)),
                false))
        .isEmpty();
  }

  @Test
  void isWrong_whenTwoLeadInOneTerm() {
    assertThat(
            BeatLog.violations(
                List.of(beat(FIRST, NodeRole.PRIMARY, 2, 0), beat(SECOND, NodeRole.PRIMARY, 2, 0)),
                false))
        .hasSize(1);
  }

  @Test
  void isWrong_whenAStandbyDiffers() {
    List<Heartbeat> beats = List.of(beat(FIRST, NodeRole.STANDBY, 2, 1));
    assertThat(BeatLog.violations(beats, false)).hasSize(1);
    assertThat(BeatLog.violations(beats, true)).as("its memory was changed").isEmpty();
  }

  private static Heartbeat beat(UUID incarnation, NodeRole role, long term, long mismatches) {
    return new Heartbeat(
        "vm",
        new UUID(0, 1),
        "node-" + incarnation.getMostSignificantBits(),
        incarnation,
        role,
        role == NodeRole.PRIMARY ? "LIVE" : "FOLLOWING",
        term,
        7,
        70,
        -1,
        "127.0.0.1",
        1,
        0,
        0,
        mismatches);
  }
}
