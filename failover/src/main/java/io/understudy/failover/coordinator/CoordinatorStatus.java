package io.understudy.failover.coordinator;

import io.understudy.failover.front.FrontStatistics;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmRecord;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What a coordinator knows at one moment. Immutable. Ages are nanoseconds.
 *
 * @param name name of the coordinator
 * @param incarnation identity of its process
 * @param clusterSteady whether Kafka carries its own probe in time; while not, nobody is judged
 *     dead
 * @param probeAgeNanos age of the newest probe that came back, -1 when none did
 * @param vms the runs it watches, by VM id
 */
public record CoordinatorStatus(
    String name, UUID incarnation, boolean clusterSteady, long probeAgeNanos, List<Watched> vms) {
  /** Copies the list. */
  public CoordinatorStatus {
    vms = List.copyOf(vms);
  }

  /**
   * One watched run.
   *
   * @param vm its directory entry
   * @param state what the coordinator is doing about it
   * @param reason why it is doing that
   * @param term highest term heard of
   * @param leader node that leads it, empty when unknown
   * @param lastSignAgeNanos time since the leader's last sign of life
   * @param isProtected whether a standby could take over
   * @param order the order whose term has not started yet
   * @param nodes nodes of the run, by name
   * @param failovers newest failovers, oldest first; the last may be under way
   * @param front its front, while this coordinator runs one
   * @param frontProblem what keeps clients away from the front that it is to have
   */
  public record Watched(
      VmRecord vm,
      VmState state,
      String reason,
      long term,
      Optional<String> leader,
      long lastSignAgeNanos,
      boolean isProtected,
      Optional<PromotionOrdered> order,
      List<Node> nodes,
      List<FailoverTimeline> failovers,
      Optional<FrontView> front,
      Optional<String> frontProblem) {
    /** Copies the lists. */
    public Watched {
      nodes = List.copyOf(nodes);
      failovers = List.copyOf(failovers);
    }
  }

  /**
   * A node by its newest heartbeat.
   *
   * @param beat the heartbeat
   * @param ageNanos time since it was received
   * @param isHeard whether it counts as living
   */
  public record Node(Heartbeat beat, long ageNanos, boolean isHeard) {}

  /**
   * A front.
   *
   * @param address where clients connect
   * @param statistics its own figures
   */
  public record FrontView(InetSocketAddress address, FrontStatistics statistics) {}
}
