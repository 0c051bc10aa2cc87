package io.understudy.cli;

import io.understudy.capture.CaptureSettings;
import io.understudy.failover.node.Node;
import io.understudy.failover.node.NodeExit;
import io.understudy.failover.node.NodeSettings;
import io.understudy.log.ClusterConnection;
import io.understudy.log.CrashPoint;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a primary and a standby have in common: after a failover they are each other. */
final class NodeOptions {
  @Mixin private ClusterOptions cluster;
  @Mixin private GuestOptions guest;

  @Option(
      names = "--tap",
      defaultValue = "",
      paramLabel = "NAME",
      description = "The TAP interface that connects the guest's network card; it must exist.")
  private String tap;

  @Option(
      names = "--vm",
      required = true,
      paramLabel = "ID",
      description = "The virtual machine.",
      converter = Converters.ToVmId.class)
  private VmId vm;

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
      names = "--guest-speed",
      defaultValue = "1",
      paramLabel = "FACTOR",
      description =
          "How fast the guest's clock runs; below 1 for hosts so slow that the guest's timer takes"
              + " all their time. The same on all nodes of a VM.")
  private double guestSpeed;

  /** A way to run a node until it ends. */
  interface Role {
    NodeExit run(Node node) throws InterruptedException;
  }

  /** Runs a node in a role until it ends or a signal ends it. */
  int run(Role role, PrintWriter err) throws InterruptedException {
    CrashPoint.announce();
    // What is wrong with the files is said before a cluster is looked for or waited for.
    guest.files().requireReadable();
    Node running = new Node(settings(cluster.reach()));
    Termination.onSignal(() -> running.stop("the process was asked to end"));
    NodeExit exit = role.run(running);
    err.println(
        "node ended: vm="
            + vm
            + " node="
            + node
            + " reason="
            + exit.kind()
            + ": "
            + exit.message());
    err.flush();
    return Failures.exitOf(exit.kind()).code();
  }

  NodeSettings settings(ClusterConnection connection) {
    CaptureSettings standard = CaptureSettings.DEFAULT;
    return new NodeSettings(
        vm,
        node,
        connection,
        state,
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
            transferRateMiB << 20,
            guestSpeed),
        device,
        guest.files(),
        tap);
  }

  GuestOptions guest() {
    return guest;
  }

  String tap() {
    return tap;
  }

  VmId vm() {
    return vm;
  }
}
