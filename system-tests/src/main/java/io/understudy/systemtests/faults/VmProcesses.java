package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.CrashPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The processes of one VM: two nodes and a coordinator with a front, each with a network of its own
 * to Kafka. Remembers how each process ended. Owned by the run's thread.
 */
final class VmProcesses implements AutoCloseable {
  /** Networks that a VM needs: one for each node, one for the coordinator. */
  static final int SLOTS = 3;

  private static final String MAIN = "io.understudy.cli.Main";
  private static final int COORDINATOR_SLOT = 2;

  private final String vm;
  private final Brokers brokers;
  private final Path directory;
  private final NodeCommands commands;
  private final Optional<JumpingClocks> clocks;
  private final int frontPort = LocalCluster.freePort();
  private final ChildJvm[] nodes = new ChildJvm[2];
  private final List<Ended> ended = new ArrayList<>();
  private ChildJvm coordinator;

  /**
   * A process that is no more.
   *
   * @param name its name
   * @param code its exit code
   * @param last the last lines it printed
   */
  record Ended(String name, int code, String last) {}

  VmProcesses(
      String vm, Brokers brokers, Path directory, NodeCommands commands, boolean ownClocks) {
    this.vm = vm;
    this.brokers = brokers;
    this.directory = directory;
    this.commands = commands;
    this.clocks = ownClocks ? Optional.of(JumpingClocks.in(directory)) : Optional.empty();
  }

  /** Name of a node. */
  static String name(int node) {
    return "node-" + (node + 1);
  }

  /** Number of a node. */
  static int number(String name) {
    return name.charAt(name.length() - 1) - '1';
  }

  /** Where clients connect. */
  int frontPort() {
    return frontPort;
  }

  /** State directory of a node. */
  Path state(int node) {
    return directory.resolve(name(node));
  }

  /** A node's process. */
  ChildJvm node(int node) {
    return nodes[node];
  }

  ChildJvm coordinator() {
    return coordinator;
  }

  /** The network between a node and Kafka. */
  List<TcpProxy> network(int node) {
    return brokers.network(node);
  }

  List<TcpProxy> coordinatorNetwork() {
    return brokers.network(COORDINATOR_SLOT);
  }

  /** Starts everything: node 1 leads, node 2 follows. */
  void startAll(Optional<Schedule.Crash> crash) {
    nodes[0] = start(0, commands.first(common(0)), crash.flatMap(Schedule.Crash::ofLeader));
    startCoordinator();
    nodes[1] = start(1, commands.again(common(1)), crash.flatMap(Schedule.Crash::ofStandby));
  }

  /** Starts a node of the run again after it has died. */
  void restart(int node) {
    noteEnd(name(node), nodes[node]);
    nodes[node] = start(node, commands.again(common(node)), Optional.empty());
  }

  void startCoordinator() {
    if (coordinator != null) {
      noteEnd("coordinator", coordinator);
    }
    coordinator =
        launch(
            "coordinator",
            List.of(
                "coordinator",
                "--bootstrap-server",
                brokers.bootstrapServers(COORDINATOR_SLOT),
                "--name",
                vm + "-coordinator",
                "--promotion-timeout",
                "5s",
                "--front",
                vm + "=127.0.0.1:" + frontPort + ":channels"),
            Optional.empty());
  }

  /** Sets the clock of a process to the host's time and so many seconds more. */
  void setClock(String process, long seconds) {
    clocks.orElseThrow().set(process, seconds);
  }

  /** Starts who is dead and wakes who is frozen. */
  void revive() {
    for (int node = 0; node < nodes.length; node++) {
      if (nodes[node].isAlive()) {
        resume(nodes[node]);
      } else {
        restart(node);
      }
    }
    if (coordinator.isAlive()) {
      resume(coordinator);
    } else {
      startCoordinator();
    }
  }

  /** Whether a process is frozen. */
  static boolean isFrozen(ChildJvm process) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
    } catch (IOException e) {
      return false;
    }
  }

  /** How processes ended that were started anew, or are dead now. */
  List<Ended> ended() {
    List<Ended> all = new ArrayList<>(ended);
    for (int node = 0; node < nodes.length; node++) {
      if (!nodes[node].isAlive()) {
        all.add(end(name(node), nodes[node]));
      }
    }
    if (!coordinator.isAlive()) {
      all.add(end("coordinator", coordinator));
    }
    return all;
  }

  /** Figures that a new leader printed, by term: fence, drain and open. */
  Map<Long, String> promotions() {
    Map<Long, String> promotions = new TreeMap<>();
    for (ChildJvm node : nodes) {
      for (String line : node.lines()) {
        int at = line.indexOf("promoted: ");
        if (at >= 0) {
          String term = line.replaceFirst(".* term=([0-9]+) .*", "$1");
          promotions.put(Long.parseLong(term), line.substring(at));
        }
      }
    }
    return promotions;
  }

  /** The last lines of all processes. */
  String tails() {
    StringBuilder text = new StringBuilder();
    for (ChildJvm node : nodes) {
      text.append(node == null ? "" : node.tail()).append('\n');
    }
    return text.append(coordinator == null ? "" : coordinator.tail()).append('\n').toString();
  }

  /** Kills all. */
  @Override
  public void close() {
    for (ChildJvm process : new ChildJvm[] {coordinator, nodes[0], nodes[1]}) {
      if (process != null && process.isAlive()) {
        process.kill();
      }
    }
  }

  private static void resume(ChildJvm process) {
    if (isFrozen(process)) {
      process.resume();
    }
  }

  private void noteEnd(String name, ChildJvm process) {
    if (process.isAlive()) {
      throw new IllegalStateException("the process lives: name=" + name);
    }
    ended.add(end(name, process));
  }

  private static Ended end(String name, ChildJvm process) {
    List<String> lines = process.lines();
    return new Ended(
        name,
        process.awaitExit(Duration.ofSeconds(1)),
        String.join("\n", lines.subList(Math.max(0, lines.size() - 3), lines.size())));
  }

  private ChildJvm start(int node, List<String> arguments, Optional<String> crashPoint) {
    return launch(name(node), arguments, crashPoint);
  }

  private ChildJvm launch(String name, List<String> arguments, Optional<String> crashPoint) {
    List<String> command = new ArrayList<>();
    clocks.ifPresent(own -> command.addAll(own.prefix(name)));
    List<String> options =
        crashPoint
            .map(point -> List.of("-D" + CrashPoint.PROPERTY + "=" + point))
            .orElse(List.of());
    command.addAll(ChildJvm.command(options, MAIN, arguments));
    return ChildJvm.startProgram(name, directory.resolve(name + ".log"), command);
  }

  private List<String> common(int node) {
    return List.of(
        "--vm",
        vm,
        "--node",
        name(node),
        "--state",
        state(node).toString(),
        "--checkpoint-every",
        "1s",
        "--bootstrap-server",
        brokers.bootstrapServers(node));
  }
}
