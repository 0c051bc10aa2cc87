package io.understudy.failover.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.understudy.capture.HostClock;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LoneClusterTest {
  private static final Duration QUIET = Duration.ofSeconds(10);
  private static final UUID RUN = new UUID(0, 7);

  private long nanos = -1_000;
  private final Inner inner = new Inner();
  private final LoneCluster lone =
      new LoneCluster(
          inner,
          "host-a",
          QUIET,
          new HostClock() {
            @Override
            public long nanoTime() {
              return nanos;
            }

            @Override
            public long epochMillis() {
              return 0;
            }
          });

  @Test
  void ordersItself_whenNoCoordinatorWasHeardForLongEnough() {
    nanos += QUIET.toNanos() - 1;
    assertThat(lone.order(order("host-a"))).isFalse();
    nanos++;
    assertThat(lone.order(order("host-a"))).isTrue();
    assertThat(inner.orders).containsExactly("host-a");
  }

  @Test
  void leavesOthersToThemselves() {
    nanos += QUIET.toNanos();
    assertThat(lone.order(order("host-b"))).isFalse();
    assertThat(inner.orders).isEmpty();
  }

  @Test
  void leavesItToTheCoordinator_asLongAsThereIsOne() {
    nanos += QUIET.toNanos();
    hear(CoordinatorBeat.probe("coordinator", RUN, 1, 1));
    assertThat(lone.order(order("host-a"))).isFalse();
    nanos += QUIET.toNanos();
    assertThat(lone.order(order("host-a"))).isTrue();
  }

  @Test
  void takesNoOtherLoneNodeForACoordinator() {
    nanos += QUIET.toNanos();
    hear(CoordinatorBeat.alone(CoordinatorBeat.probe("host-b", RUN, 1, 1)));
    assertThat(lone.order(order("host-a"))).isTrue();
  }

  @Test
  void probesAsANode_andKeepsItsViewsToItself() {
    Heartbeat probe = CoordinatorBeat.probe("host-a", RUN, 5, 1);
    lone.beat(probe);
    lone.beat(
        new Heartbeat(
            "vm", RUN, "host-a", RUN, probe.role(), "WATCHING", 1, -1, 0, -1, "", 0, 1, 0, 0));

    assertThat(inner.beats).hasSize(1);
    assertThat(CoordinatorBeat.isProbe(inner.beats.get(0))).isTrue();
    assertThat(CoordinatorBeat.isAlone(inner.beats.get(0))).isTrue();
    assertThat(inner.beats.get(0).position()).isEqualTo(5);
  }

  private void hear(Heartbeat beat) {
    inner.incoming = beat;
    lone.poll(
        new ClusterPort.Inbox() {
          @Override
          public void directory(VmRecord vm) {}

          @Override
          public void beat(Heartbeat heard) {
            assertThat(heard).isEqualTo(beat);
          }

          @Override
          public void order(PromotionOrdered order, boolean retained) {}

          @Override
          public void committedEnd(VmRecord vm, long end) {}
        });
  }

  private static PromotionOrdered order(String node) {
    return new PromotionOrdered("vm", RUN, 1, node, new UUID(0, 1), "silent", "host-a", 1);
  }

  /** Notes what gets through. */
  private static final class Inner implements ClusterPort {
    private final List<String> orders = new ArrayList<>();
    private final List<Heartbeat> beats = new ArrayList<>();
    private Heartbeat incoming;

    @Override
    public int poll(Inbox inbox) {
      inbox.beat(incoming);
      return 1;
    }

    @Override
    public void beat(Heartbeat beat) {
      beats.add(beat);
    }

    @Override
    public boolean order(PromotionOrdered order) {
      return orders.add(order.toNode());
    }

    @Override
    public void askCommittedEnd(VmRecord vm) {}

    @Override
    public void close() {}
  }
}
