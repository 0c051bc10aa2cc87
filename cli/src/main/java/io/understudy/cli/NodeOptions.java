package io.understudy.cli;

import io.understudy.capture.CaptureSettings;
import io.understudy.capture.snapshot.CloneSettings;
import io.understudy.failover.coordinator.LoneWatch;
import io.understudy.failover.monitor.Monitor;
import io.understudy.failover.node.NodeSettings;
import io.understudy.failover.node.SnapshotSettings;
import io.understudy.failover.node.Watching;
import io.understudy.log.ClusterConnection;
import io.understudy.log.CrashPoint;
import io.understudy.replay.StartPolicy;
import io.understudy.schemas.VmId;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What nodes have in common, whatever they do first: after a failover they are each other. */
final class NodeOptions {
  /** A rate beyond any machine, in MiB a second. */
  private static final long MOST_MIB = 1 << 20;

  /** All that the largest machine has. */
  private static final long MOST_PAGES = 1 << 18;

  @Mixin private ClusterOptions cluster;
  @Mixin private GuestOptions guest;
  @Mixin private HttpOptions http;
  @Mixin private ProtectionOptions protection;
  @Mixin private RetentionOptions retention;

  @Option(
      names = "--node",
      required = true,
      paramLabel = "NAME",
      description = "Name of this node, unique among the nodes of the VM.")
  private String node;

  @Option(
      names = "--state",
      required = true,
      paramLabel = "DIR",
      description = "Where this node keeps its checkpoints; made when missing.")
  private Path state;

  @Option(
      names = "--console-listen",
      defaultValue = "127.0.0.1:0",
      paramLabel = "HOST:PORT",
      description = "Where coordinators reach the console of this node; port 0 takes a free one.",
      converter = Converters.ToSocketAddress.class)
  private InetSocketAddress consoleListen;

  @Option(
      names = "--device",
      defaultValue = "/dev/kvm",
      paramLabel = "FILE",
      description = "KVM device.")
  private Path device;

  @Option(
      names = "--heartbeat-interval",
      defaultValue = "50ms",
      paramLabel = "TIME",
      description = "How often this node says that it lives; as the coordinators expect it.",
      converter = Converters.ToDuration.class)
  private Duration heartbeatInterval;

  @Option(
      names = "--commit-timeout",
      defaultValue = "60s",
      paramLabel = "TIME",
      description = "A leader that cannot commit for this long gives up.",
      converter = Converters.ToDuration.class)
  private Duration commitTimeout;

  @Option(
      names = "--checkpoint-every",
      defaultValue = "10s",
      paramLabel = "TIME",
      description = "How often a standby writes a checkpoint.",
      converter = Converters.ToDuration.class)
  private Duration checkpointEvery;

  @Option(
      names = "--epoch-max-age",
      defaultValue = "50ms",
      paramLabel = "TIME",
      description = "An epoch is committed when it is this old, even if nothing waits for it.",
      converter = Converters.ToDuration.class)
  private Duration epochMaxAge;

  @Option(
      names = "--output-max-hold",
      defaultValue = "2ms",
      paramLabel = "TIME",
      description = "Output of a guest that never idles waits this long for its epoch to close.",
      converter = Converters.ToDuration.class)
  private Duration outputMaxHold;

  @Option(
      names = "--time-resolution",
      defaultValue = "200us",
      paramLabel = "TIME",
      description = "How old the time may be that the guest reads; finer costs more events.",
      converter = Converters.ToDuration.class)
  private Duration timeResolution;

  @Option(
      names = "--interrupt-delay",
      defaultValue = "10ms",
      paramLabel = "TIME",
      description =
          "How long a guest that computes may keep a timer tick, an input or an output waiting;"
              + " shorter costs more.",
      converter = Converters.ToDuration.class)
  private Duration interruptDelay;

  @Option(
      names = "--transfer-rate",
      defaultValue = "16",
      paramLabel = "MIB",
      description =
          "How many MiB of a computing guest's state may go into the log in a second, where a"
              + " count of instructions does not name the place.")
  private long transferRateMiB;

  @Option(
      names = "--clone-rate",
      defaultValue = "64",
      paramLabel = "MIB",
      description =
          "How many MiB of a running guest are copied in a second when a snapshot was ordered.")
  private long cloneRateMiB;

  @Option(
      names = "--clone-final-pages",
      defaultValue = "256",
      paramLabel = "N",
      description = "With at most so many pages left, a guest that is copied is stopped for them.")
  private int cloneFinalPages;

  @Option(
      names = "--clone-most-pages",
      defaultValue = "16384",
      paramLabel = "N",
      description =
          "Rather than stop a guest for more pages than this, no snapshot is taken of it.")
  private int cloneMostPages;

  @Option(
      names = "--keep-snapshots",
      defaultValue = "2",
      paramLabel = "N",
      description = {
        "How many snapshots of the VM stay; older ones are deleted, but for the newest verified one"
            + " and,",
        "where the log's beginning is deleted, the one with which audits begin."
      })
  private int keepSnapshots;

  @Option(
      names = "--start",
      defaultValue = "auto",
      paramLabel = "auto|beginning|snapshot",
      description =
          "How a standby without a checkpoint begins: as is quicker, from the beginning of the log"
              + " alone, or from a snapshot of the primary alone.",
      converter = Converters.ToStartPolicy.class)
  private StartPolicy start;

  @Option(
      names = "--replay-at-most",
      defaultValue = "5000",
      paramLabel = "EPOCHS",
      description = "A standby rather replays so many epochs than to order a snapshot.")
  private long replayAtMost;

  @Option(
      names = "--guest-speed",
      defaultValue = "1",
      paramLabel = "FACTOR",
      description =
          "How fast the guest's clock runs; below 1 for hosts so slow that the guest's timer takes"
              + " all their time. The same on all nodes of a VM.")
  private double guestSpeed;

  @Option(
      names = "--promote-without-coordinator",
      paramLabel = "TIME",
      description =
          "Take over from a dead leader without being ordered to, when no coordinator has been"
              + " heard for this long. Never when not given.",
      converter = Converters.ToDuration.class)
  private Duration aloneAfter;

  /** What watches leaders where there may be no coordinator, if that was asked for. */
  LoneWatch watch(ClusterConnection connection) {
    return new LoneWatch(connection, node, heartbeatInterval, Optional.ofNullable(aloneAfter));
  }

  /** Where this process shows what it does; to be closed by the caller. */
  Monitor openMonitor() {
    return http.open();
  }

  /** How its nodes watch over their runs, with {@code monitor} to show it. */
  Watching watching(Monitor monitor) {
    return new Watching(protection.settings(), monitor);
  }

  /** The cluster, once it has answered and what is wrong with the files has been said. */
  ClusterConnection reach() {
    CrashPoint.announce();
    // In this order: nobody should wait for a cluster to hear of an option or a file.
    check();
    guest.files().requireReadable();
    return cluster.reach();
  }

  /**
   * What a node of one VM is told.
   *
   * @param directory where it keeps its checkpoints
   * @param tap its TAP interface, empty if it has none
   */
  NodeSettings settings(ClusterConnection connection, VmId vm, Path directory, String tap) {
    check();
    CaptureSettings standard = CaptureSettings.DEFAULT;
    return new NodeSettings(
        vm,
        node,
        connection,
        directory,
        consoleListen,
        heartbeatInterval,
        commitTimeout,
        checkpointEvery,
        new CaptureSettings(
            epochMaxAge,
            outputMaxHold,
            standard.epochMaxEvents(),
            standard.stallEvents(),
            timeResolution,
            standard.outputLease(),
            interruptDelay,
            bytes(transferRateMiB),
            guestSpeed),
        new SnapshotSettings(
            new CloneSettings(
                bytes(cloneRateMiB),
                cloneFinalPages,
                CloneSettings.DEFAULT.maxRounds(),
                cloneMostPages),
            keepSnapshots,
            start,
            replayAtMost,
            retention.settings()),
        device,
        guest.files(),
        tap);
  }

  /** Refuses what cannot work, before anything is started or waited for. */
  private void check() {
    Duration millisecond = Duration.ofMillis(1);
    Duration second = Duration.ofSeconds(1);
    Limits.within("--heartbeat-interval", heartbeatInterval, millisecond, Duration.ofMinutes(1));
    Limits.within("--commit-timeout", commitTimeout, second, Limits.HOUR);
    Limits.within("--checkpoint-every", checkpointEvery, millisecond, Limits.MONTH);
    Limits.within("--epoch-max-age", epochMaxAge, millisecond, Duration.ofSeconds(10));
    Limits.within("--output-max-hold", outputMaxHold, Duration.ZERO, epochMaxAge);
    Limits.within("--time-resolution", timeResolution, Limits.MICROSECOND, second);
    Limits.within("--interrupt-delay", interruptDelay, millisecond, second);
    Limits.within("--transfer-rate", transferRateMiB, 1, MOST_MIB);
    Limits.within("--clone-rate", cloneRateMiB, 1, MOST_MIB);
    Limits.within("--clone-final-pages", cloneFinalPages, 0, MOST_PAGES);
    Limits.within("--clone-most-pages", cloneMostPages, Math.max(1, cloneFinalPages), MOST_PAGES);
    Limits.within("--keep-snapshots", keepSnapshots, 1, 1000);
    Limits.within("--replay-at-most", replayAtMost, 0, Long.MAX_VALUE);
    Limits.guestSpeed(guestSpeed);
    if (aloneAfter != null) {
      // As a dead leader is found: a coordinator that is only late must not be taken for none.
      Duration silence = heartbeatInterval.multipliedBy(LoneWatch.INTERVALS_UNTIL_DEAD);
      Limits.within(
          "--promote-without-coordinator",
          aloneAfter,
          silence.compareTo(second) > 0 ? silence : second,
          Limits.HOUR);
    }
    if (!consoleListen.isUnresolved() && consoleListen.getAddress().isAnyLocalAddress()) {
      // Heartbeats carry it as it is.
      throw new IllegalArgumentException(
          "--console-listen must name a host at which coordinators reach this node, is "
              + consoleListen.getHostString());
    }
    protection.check(heartbeatInterval);
    retention.settings();
  }

  private static long bytes(long mebibytes) {
    return mebibytes << 20;
  }

  GuestOptions guest() {
    return guest;
  }

  String node() {
    return node;
  }

  Path state() {
    return state;
  }

  InetSocketAddress consoleListen() {
    return consoleListen;
  }

  Path device() {
    return device;
  }
}
