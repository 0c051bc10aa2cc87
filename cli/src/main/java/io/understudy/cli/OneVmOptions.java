package io.understudy.cli;

import io.understudy.failover.coordinator.LoneWatch;
import io.understudy.failover.monitor.Monitor;
import io.understudy.failover.node.Node;
import io.understudy.failover.node.NodeExit;
import io.understudy.failover.node.NodeSettings;
import io.understudy.failover.node.OrderBoard;
import io.understudy.log.ClusterConnection;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A node of one VM, which ends when its role does: primary or standby. */
final class OneVmOptions {
  @Mixin private NodeOptions node;

  @Option(
      names = "--tap",
      defaultValue = "",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "NAME",
      description = "The TAP interface that connects the guest's network card; it must exist.")
  private String tap;

  @Mixin private VmOption vm;

  /** A way to run a node until it ends. */
  interface Role {
    NodeExit run(Node node) throws InterruptedException;
  }

  /** Runs a node in a role until it ends or a signal ends it. */
  int run(Role role, PrintWriter err) throws InterruptedException {
    ClusterConnection connection = node.reach();
    try (Monitor monitor = node.openMonitor();
        OrderBoard board = new OrderBoard(connection);
        LoneWatch watch = node.watch(connection)) {
      watch.start();
      board.start();
      return run(role, new Node(settings(connection), board, node.watching(monitor)), err);
    }
  }

  private int run(Role role, Node running, PrintWriter err) throws InterruptedException {
    Termination.onSignal(() -> running.stop("the process was asked to end"));
    NodeExit exit = role.run(running);
    err.println(
        "node ended: vm="
            + vm.id()
            + " node="
            + node.node()
            + " reason="
            + exit.kind()
            + ": "
            + exit.message());
    err.flush();
    return Failures.exitOf(exit.kind()).code();
  }

  NodeSettings settings(ClusterConnection connection) {
    return node.settings(connection, vm.id(), node.state(), tap);
  }

  GuestOptions guest() {
    return node.guest();
  }

  String tap() {
    return tap;
  }

  VmId vm() {
    return vm.id();
  }
}
