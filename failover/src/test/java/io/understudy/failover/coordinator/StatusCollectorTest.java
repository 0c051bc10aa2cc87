package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.failover.front.Endpoint;
import io.understudy.failover.front.FrontState;
import io.understudy.log.LogEnd;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class StatusCollectorTest {
  private static final long MILLI = 1_000_000;
  private static final UUID RUN = new UUID(1, 1);
  private static final VmRecord ENTRY =
      new VmRecord("demo", RUN, 1, "ledger", 64 << 20, VmStatus.RUNNING, 1, "a", 0, 0);

  private final StatusCollector collector = new StatusCollector();

  private static Heartbeat beat(UUID run, String node, NodeRole role, long term, long epoch) {
    return new Heartbeat(
        "demo",
        run,
        node,
        new UUID(0, node.hashCode()),
        role,
        "x",
        term,
        epoch,
        0,
        -1,
        "",
        0,
        9_000,
        0,
        0);
  }

  private ClusterStatus.Vm vm(long nowMillis) {
    return collector.status(nowMillis * MILLI, 10_000).vms().get(0);
  }

  @Test
  void tellsRolesTermsAndLag() {
    collector.directory(ENTRY);
    collector.retained(beat(RUN, "old", NodeRole.STANDBY, 1, 3));
    collector.retained(beat(new UUID(1, 2), "other-run", NodeRole.PRIMARY, 9, 900));
    collector.heard(beat(RUN, "a", NodeRole.PRIMARY, 2, 100), 0);
    collector.heard(beat(RUN, "a", NodeRole.PRIMARY, 2, 110), 50 * MILLI);
    collector.heard(beat(RUN, "a", NodeRole.PRIMARY, 2, 120), 100 * MILLI);
    collector.heard(beat(RUN, "b", NodeRole.STANDBY, 2, 105), 110 * MILLI);
    collector.logEnd("demo", new LogEnd(new TreeMap<>(Map.of(0, 400L))));

    ClusterStatus.Vm vm = vm(120);

    assertThat(vm.term()).isEqualTo(2);
    assertThat(vm.leader()).contains("a");
    assertThat(vm.committedEpoch()).isEqualTo(120);
    assertThat(vm.logEnd().orElseThrow().offsets()).containsEntry(0, 400L);
    assertThat(vm.nodes()).extracting(node -> node.beat().node()).containsExactly("a", "b", "old");
    ClusterStatus.Node b = vm.nodes().get(1);
    assertThat(b.isHeard()).isTrue();
    assertThat(b.ageMillis()).isEqualTo(1000);
    assertThat(b.lagEpochs()).isEqualTo(15);
    assertThat(b.lagMillis()).as("epoch 106 to 110 was there after 50 ms").hasValue(70);
    ClusterStatus.Node old = vm.nodes().get(2);
    assertThat(old.isHeard()).isFalse();
    assertThat(old.lagMillis()).as("before the look").isEqualTo(OptionalLong.empty());
    assertThat(vm.nodes().get(0).lagMillis()).hasValue(0);
  }

  @Test
  void knowsCommitsThatTheDeadLeaderDidNotReport() {
    collector.directory(ENTRY);
    collector.heard(beat(RUN, "a", NodeRole.PRIMARY, 1, 100), 0);
    collector.heard(beat(RUN, "b", NodeRole.STANDBY, 1, 103), 10 * MILLI);

    assertThat(vm(20).committedEpoch()).isEqualTo(103);
    assertThat(vm(20).nodes().get(0).lagMillis()).isEmpty();
  }

  @Test
  void takesTheLeaderFromTheDirectory_whenNoNodeSaysIt() {
    collector.directory(ENTRY);
    assertThat(vm(0).leader()).contains("a");
    assertThat(vm(0).committedEpoch()).isEqualTo(-1);

    collector.heard(beat(RUN, "b", NodeRole.STANDBY, 2, 3), 0);
    assertThat(vm(0).leader()).as("term 2 has another leader").isEmpty();
  }

  @Test
  void tellsWhatCoordinatorsThink() {
    UUID incarnation = new UUID(5, 5);
    collector.directory(ENTRY);
    collector.heard(CoordinatorBeat.probe("c1", incarnation, 17, 9_500), 0);
    collector.retained(
        CoordinatorBeat.view(
            "c1",
            incarnation,
            ENTRY,
            1,
            VmState.WATCHING,
            Optional.of(FrontState.ATTACHED),
            Optional.of(new Endpoint("front", 6000)),
            9_000));

    assertThat(collector.status(0, 10_000).coordinators())
        .containsExactly(new ClusterStatus.Observer("c1", incarnation, true, 500));
    assertThat(vm(0).views())
        .containsExactly(
            new ClusterStatus.View(
                "c1",
                true,
                1000,
                "WATCHING",
                Optional.of("ATTACHED"),
                Optional.of(new Endpoint("front", 6000))));
    assertThat(vm(0).nodes()).isEmpty();
  }
}
