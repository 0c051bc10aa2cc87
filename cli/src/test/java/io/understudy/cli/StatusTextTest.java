package io.understudy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.failover.coordinator.ClusterStatus;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Protection;
import io.understudy.schemas.Retention;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StatusTextTest {
  private static final UUID RUN = new UUID(0, 7);

  @Test
  void showsWhatProtectsARun_byTheLeaderThatLives() {
    VmRecord vm =
        new VmRecord("ops", RUN, 4, "ledger", 32L << 20, VmStatus.RUNNING, 3, "a", 1_000, 2_000);
    ClusterStatus status =
        new ClusterStatus(
            List.of(
                new ClusterStatus.Vm(
                    vm,
                    3,
                    Optional.of("a"),
                    9,
                    Optional.empty(),
                    List.of(node("a", 3, true, 250), node("b", 2, false, 0)),
                    List.of(),
                    List.of())),
            List.of());

    assertThat(StatusText.table(status).lines().filter(line -> line.contains("protection")))
        .containsExactly("  protection by a: DEGRADED, guest held back 25.0 % of the time");
    assertThat(StatusText.table(status).lines().filter(line -> line.contains("retention")))
        .containsExactly("  retention by a: WAITING, the log begins with epoch 7");
  }

  private static ClusterStatus.Node node(String name, long term, boolean isHeard, int permille) {
    Heartbeat beat =
        new Heartbeat(
            "ops",
            RUN,
            name,
            new UUID(0, term),
            NodeRole.PRIMARY,
            "LIVE",
            term,
            9,
            90,
            -1,
            "",
            0,
            0,
            0,
            0,
            Protection.DEGRADED,
            permille,
            isHeard ? Retention.WAITING : Retention.OFF,
            isHeard ? 7 : -1);
    return new ClusterStatus.Node(beat, isHeard, 6_000, 0, OptionalLong.empty());
  }
}
