package io.understudy.failover.node;

import io.understudy.capture.LiveRun;
import io.understudy.capture.snapshot.CloneStatistics;
import io.understudy.failover.monitor.Monitor;
import io.understudy.failover.monitor.Readiness;
import io.understudy.machine.Machine;
import io.understudy.replay.Standby;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.Protection;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Watches a node from the inside: how near its peers are, what that means for its guest, its meters
 * and whether it is ready. Nothing here decides over what is recorded.
 *
 * <p>Owned by the vCPU thread; {@link #protection} may be asked by any.
 */
final class NodeWatch implements AutoCloseable {
  /** A commit that takes longer keeps a leader from being ready. */
  private static final long SLOW_COMMIT_NANOS = TimeUnit.SECONDS.toNanos(2);

  private static final ProtectionPolicy.Decision NOTHING =
      new ProtectionPolicy.Decision(Protection.UNKNOWN, 0, 0, -1, -1);

  private static final Peers.Listener NOBODY =
      new Peers.Listener() {
        @Override
        public void heard(Heartbeat beat, long nowNanos) {
          // Before the run is known nothing depends on it.
        }

        @Override
        public void turn(long nowNanos, long upToNanos) {
          // Nor on silence.
        }
      };

  private final NodeSettings settings;
  private final ProtectionSettings protection;
  private final Peers peers;
  private final NodeMeters meters;
  private final Monitor monitor;
  private final String name;
  private volatile ProtectionWatch leading;

  NodeWatch(NodeSettings settings, ProtectionSettings protection, Monitor monitor) {
    this.settings = settings;
    this.protection = protection;
    this.monitor = monitor;
    this.peers =
        new Peers(settings.connection(), settings.vm(), settings.heartbeatInterval(), NOBODY);
    this.meters = new NodeMeters(monitor, settings.vm().text(), settings.node());
    this.name = "vm=" + settings.vm() + " node=" + settings.node();
    ready(() -> Readiness.no("starting"));
  }

  /** The cluster has what is needed to listen. */
  void start() {
    peers.start();
  }

  /** The node follows a run. */
  void follows(Standby standby, Outside outside) {
    StandbyLag lag = new StandbyLag(standby.header().run(), standby.progress());
    peers.tell(lag);
    meters.follows(standby, outside, lag);
    ready(() -> standbyReadiness(standby, lag));
  }

  /** The node leads, and its guest is about to run. */
  void leads(
      UUID run,
      long term,
      Machine machine,
      LiveRun leadership,
      Outside outside,
      CloneStatistics clones,
      LogKeeper keeper) {
    ProtectionWatch watch =
        new ProtectionWatch(
            settings.vm().text(),
            run,
            protection,
            settings.heartbeatInterval(),
            leadership.statistics(),
            leadership.pace(),
            System.nanoTime());
    leading = watch;
    peers.tell(new Peers.Both(watch, keeper.needs()));
    meters.leads(term, machine, leadership, outside, watch);
    meters.clones(clones);
    meters.keeps(keeper);
    ready(() -> leaderReadiness(leadership, watch));
  }

  /** The node was a standby and leads now; the steps took so many nanoseconds. */
  void promoted(Map<String, Long> phases) {
    meters.promoted(phases);
  }

  /** The node's machine is not what the log says. */
  void diverged(String why) {
    ready(() -> Readiness.no("diverged: " + why));
  }

  /** What was decided last, as a leader. */
  ProtectionPolicy.Decision protection() {
    ProtectionWatch watch = leading;
    return watch == null ? NOTHING : watch.last();
  }

  private void ready(Supplier<Readiness> check) {
    monitor.check(name, check);
  }

  private Readiness standbyReadiness(Standby standby, StandbyLag lag) {
    long behind = lag.nanos(System.nanoTime());
    String detail =
        "follows: term="
            + standby.progress().term()
            + " epoch="
            + standby.progress().epoch()
            + " lagEpochs="
            + lag.epochs()
            + " lagMillis="
            + (behind == EpochTimes.UNKNOWN ? "unknown" : TimeUnit.NANOSECONDS.toMillis(behind));
    boolean timely =
        protection.maxLag().isZero()
            || (behind != EpochTimes.UNKNOWN && behind <= protection.maxLag().toNanos());
    boolean near = protection.maxLagEpochs() == 0 || lag.epochs() <= protection.maxLagEpochs();
    return new Readiness(timely && near, detail);
  }

  private static Readiness leaderReadiness(LiveRun leadership, ProtectionWatch watch) {
    long waiting = leadership.statistics().commitUnderWayNanos(System.nanoTime());
    if (waiting > SLOW_COMMIT_NANOS) {
      return Readiness.no(
          "leads, but a commit is under way for "
              + TimeUnit.NANOSECONDS.toMillis(waiting)
              + " ms: epoch="
              + leadership.statistics().lastCommittedEpoch());
    }
    Protection state = watch.last().state();
    return new Readiness(
        state != Protection.STOPPED,
        "leads: epoch=" + leadership.statistics().lastCommittedEpoch() + " protection=" + state);
  }

  @Override
  public void close() {
    peers.close();
    meters.close();
    monitor.forget(name);
  }
}
