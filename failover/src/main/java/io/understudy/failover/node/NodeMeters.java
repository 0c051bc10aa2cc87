package io.understudy.failover.node;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.understudy.capture.CaptureStatistics;
import io.understudy.capture.LiveRun;
import io.understudy.capture.snapshot.CloneStatistics;
import io.understudy.failover.monitor.MeterSet;
import io.understudy.failover.monitor.Monitor;
import io.understudy.machine.ExitCounts;
import io.understudy.machine.Machine;
import io.understudy.replay.CheckpointStatistics;
import io.understudy.replay.ReplayProgress;
import io.understudy.replay.Standby;
import io.understudy.schemas.Protection;
import io.understudy.schemas.Retention;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The meters of one node, each with its VM, its name and its role. Those of a role vanish with it.
 * What they mean is in {@code docs/operations.md}.
 *
 * <p>Owned by the vCPU thread.
 */
final class NodeMeters implements AutoCloseable {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MILLI = 1e6;

  private final Monitor monitor;
  private final Tags tags;
  private MeterSet role;
  private MeterSet takeover;

  NodeMeters(Monitor monitor, String vm, String node) {
    this.monitor = monitor;
    this.tags = Tags.of("vm", vm, "node", node);
  }

  /** The node follows. */
  void follows(Standby standby, Outside outside, StandbyLag lag) {
    MeterSet meters = become("standby");
    ReplayProgress progress = standby.progress();
    meters
        .gauge("understudy.term", "Term the node is in.", progress::term)
        .gauge("understudy.epoch", "Last epoch applied.", progress::epoch)
        .gauge("understudy.lag.epochs", "Committed epochs not yet applied.", lag::epochs)
        .gauge(
            "understudy.lag.milliseconds",
            "How long ago the leader was where this node is; NaN if longer than this node listens.",
            () -> lagMillis(lag))
        .counter("understudy.applied.events", "Events applied.", progress::events)
        .counter(
            "understudy.digest.checks",
            "Epochs whose digests were equal.",
            progress::digestsVerified)
        .counter(
            "understudy.digest.mismatches",
            "Epochs whose digests differed.",
            progress::digestMismatches)
        .counter(
            "understudy.repairs",
            "Right machines put in the place of wrong ones.",
            progress::repairs);
    CheckpointStatistics checkpoints = standby.checkpoints();
    meters
        .gauge(
            "understudy.checkpoint.epoch",
            "Epoch of the newest checkpoint, -1 if none.",
            checkpoints::lastEpoch)
        .gauge(
            "understudy.checkpoint.age.seconds",
            "Time since the last checkpoint, or since the start.",
            () -> checkpoints.ageNanos(System.nanoTime()) / NANOS_PER_SECOND)
        .times(
            "understudy.checkpoint",
            "Checkpoints written and the time that took.",
            checkpoints::written,
            checkpoints::nanos)
        .counter(
            "understudy.checkpoint.pages", "Pages written for checkpoints.", checkpoints::pages);
    held(meters, outside);
    exits(meters, standby::machine);
  }

  /** The node leads. */
  void leads(
      long term, Machine machine, LiveRun leadership, Outside outside, ProtectionWatch protection) {
    MeterSet meters = become("primary");
    CaptureStatistics statistics = leadership.statistics();
    Timer commits = meters.histogram("understudy.commit", "How long commits of epochs took.");
    statistics.commitMicros().tell(micros -> commits.record(micros, TimeUnit.MICROSECONDS));
    meters
        .gauge("understudy.term", "Term the node is in.", () -> term)
        .gauge("understudy.epoch", "Last epoch committed.", statistics::lastCommittedEpoch)
        .counter("understudy.committed.epochs", "Epochs committed.", statistics::committedEpochs)
        .counter("understudy.committed.events", "Events committed.", statistics::events)
        .gauge(
            "understudy.commit.pending.seconds",
            "For how long the commit under way has been, 0 if there is none.",
            () -> statistics.commitUnderWayNanos(System.nanoTime()) / NANOS_PER_SECOND)
        .counter(
            "understudy.commits.held",
            "Commits slower than the output lease.",
            statistics::heldCommits)
        .counter("understudy.preemptions", "Stops at a counted place.", statistics::preemptions)
        .counter("understudy.transfers", "Stops with state into the log.", statistics::transfers)
        .counter(
            "understudy.transfer.bytes", "State that went into the log.", statistics::transferBytes)
        .gauge(
            "understudy.tick.delay.worst.milliseconds",
            "How late the latest of all timer ticks was.",
            () -> statistics.worstTickDelayMicros() / 1e3)
        .gauge(
            "understudy.input.waiting.bytes",
            "Console input that the guest has not got yet.",
            leadership::waitingInputBytes)
        .counter(
            "understudy.frames.lost",
            "Frames from outside lost because too many waited.",
            leadership::framesLost);
    protection(meters, protection);
    held(meters, outside);
    exits(meters, () -> machine);
  }

  /** The node leads, and takes snapshots when they are ordered. */
  void clones(CloneStatistics clones) {
    role.times(
            "understudy.snapshot",
            "Snapshots completed and the time they took.",
            clones::clones,
            clones::nanos)
        .times(
            "understudy.snapshot.pause",
            "The same, and for how long the guest stood still for them.",
            clones::clones,
            clones::pauseNanos)
        .gauge(
            "understudy.snapshot.pause.worst.milliseconds",
            "For how long the guest stood still for the worst of them.",
            () -> clones.maxPauseMicros() / 1e3)
        .counter("understudy.snapshot.failures", "Snapshots that failed.", clones::failures)
        .counter("understudy.snapshot.bytes", "Bytes in them, not compressed.", clones::bytes)
        .counter("understudy.snapshot.pages", "Pages in them, as often as sent.", clones::pages)
        .counter("understudy.snapshot.rounds", "Rounds of copying.", clones::rounds);
  }

  /** The node leads, and keeps its log as short as it was told. */
  void keeps(LogKeeper keeper) {
    for (Retention state : Retention.values()) {
      role.gauge(
          "understudy.retention",
          "1 for what the node does about the length of its log, 0 for all else.",
          () -> keeper.state() == state ? 1 : 0,
          "state",
          state.name().toLowerCase(Locale.ROOT));
    }
    role.gauge(
            "understudy.log.first.epoch",
            "First epoch that the log has, NaN if not known.",
            () -> keeper.firstEpoch() < 0 ? Double.NaN : keeper.firstEpoch())
        .gauge(
            "understudy.log.bytes",
            "Size of the log before compression; NaN without --retain-bytes.",
            () -> keeper.bytes() < 0 ? Double.NaN : keeper.bytes())
        .counter("understudy.log.trims", "How often the log was shortened.", keeper::trims)
        .counter(
            "understudy.log.trim.failures",
            "How often something failed that should have shortened the log.",
            keeper::failures);
  }

  /** The node has taken over; the steps took so many nanoseconds. */
  void promoted(Map<String, Long> phases) {
    takeover = new MeterSet(monitor, tags.and("role", "primary"));
    phases.forEach(
        (phase, nanos) ->
            takeover.gauge(
                "understudy.takeover.seconds",
                "How long the steps of this node's takeover took.",
                () -> nanos / NANOS_PER_SECOND,
                "phase",
                phase));
  }

  private MeterSet become(String name) {
    close();
    role = new MeterSet(monitor, tags.and("role", name));
    role.gauge("understudy.role", "1 for the role that the node has.", () -> 1);
    return role;
  }

  private static void protection(MeterSet meters, ProtectionWatch watch) {
    for (Protection state : Protection.values()) {
      meters.gauge(
          "understudy.protection",
          "1 for the state of the run's protection, 0 for all others.",
          () -> watch.last().state() == state ? 1 : 0,
          "state",
          state.name().toLowerCase(Locale.ROOT));
    }
    meters
        .gauge(
            "understudy.throttle.permille",
            "Thousandths of the time for which the guest has to stand still.",
            () -> watch.last().permille())
        .gauge("understudy.standbys", "Standbys that count.", () -> watch.last().standbys())
        .gauge(
            "understudy.standby.lag.epochs",
            "Epochs that the nearest standby is behind, -1 if there is none.",
            () -> watch.last().lagEpochs())
        .gauge(
            "understudy.standby.lag.milliseconds",
            "How long the guest has run since the epoch of the nearest standby; NaN if none.",
            () ->
                watch.last().lagNanos() < 0
                    ? Double.NaN
                    : watch.last().lagNanos() / NANOS_PER_MILLI);
  }

  private static void held(MeterSet meters, Outside outside) {
    NodeOutput output = outside.output();
    meters
        .gauge(
            "understudy.output.held.bytes",
            "Console output that is not committed or that the front does not have yet.",
            () -> output.console().heldBytes())
        .gauge("understudy.frames.held", "Frames that wait.", () -> output.frames().heldFrames())
        .gauge("understudy.frames.held.bytes", "Bytes in them.", () -> output.frames().heldBytes())
        .gauge(
            "understudy.console.attached",
            "1 if a front is attached to the console.",
            () -> outside.isConsoleAttached() ? 1 : 0);
  }

  /** A repair changes the machine. */
  private static void exits(MeterSet meters, Supplier<Machine> machine) {
    for (ExitCounts.Kind kind : ExitCounts.Kind.values()) {
      meters.counter(
          "understudy.exits",
          "How often the guest left KVM.",
          () -> machine.get().exitCounts().of(kind),
          "kind",
          kind.name().toLowerCase(Locale.ROOT));
    }
  }

  private static double lagMillis(StandbyLag lag) {
    long nanos = lag.nanos(System.nanoTime());
    return nanos == EpochTimes.UNKNOWN ? Double.NaN : nanos / NANOS_PER_MILLI;
  }

  @Override
  public void close() {
    if (role != null) {
      role.close();
      role = null;
    }
    if (takeover != null) {
      takeover.close();
      takeover = null;
    }
  }
}
