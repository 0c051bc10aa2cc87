package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.CrashPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The processes of one VM: two or three nodes and a coordinator with a front, each with a network
 * of its own to Kafka. Remembers how each process ended. Owned by the run's thread.
 */
final class VmProcesses implements AutoCloseable {
  /** Most nodes that a VM has here. */
  static final int MOST_NODES = 3;

  /** Networks that a VM needs: one for each node, one for the coordinator. */
  static final int SLOTS = MOST_NODES + 1;

  private static final String MAIN = "io.understudy.cli.Main";
  private static final int COORDINATOR_SLOT = MOST_NODES;

  private final String vm;
  private final Brokers brokers;
  private final Path directory;
  private final FaultKind main;
  private final boolean byNode;
  private final NodeCommands commands;
  private final Optional<JumpingClocks> clocks;
  private final Optional<FrontNetwork> front;
  private final int frontPort = LocalCluster.freePort();
  private final ChildJvm[] nodes;
  private final int[] httpPorts = new int[MOST_NODES];
  private final List<Ended> ended = new ArrayList<>();
  private ChildJvm coordinator;
  private int operators;

  /**
   * A process that is no more.
   *
   * @param name its name
   * @param code its exit code
   * @param last the last lines it printed
   */
  record Ended(String name, int code, String last) {}

  /**
   * Processes that are not started.
   *
   * @param schedule says how many nodes there are, and what can be done to them
   * @param beats of this VM
   */
  VmProcesses(String vm, Brokers brokers, Path directory, Schedule schedule, BeatLog beats) {
    this.vm = vm;
    this.brokers = brokers;
    this.directory = directory;
    this.main = schedule.main();
    this.byNode = schedule.cast().byNode();
    this.commands = byNode ? NodeCommands.byNode() : NodeCommands.byRole();
    this.nodes = new ChildJvm[schedule.cast().nodes()];
    this.clocks =
        main == FaultKind.CLOCK_JUMP ? Optional.of(JumpingClocks.in(directory)) : Optional.empty();
    this.front =
        main == FaultKind.CUT_FRONT || main == FaultKind.HOLE_FRONT
            ? Optional.of(FrontNetwork.start(directory, nodes.length, beats))
            : Optional.empty();
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

  /** How many nodes there are. */
  int count() {
    return nodes.length;
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

  /** The networks between front and nodes, where the schedule is about them. */
  FrontNetwork frontNetwork() {
    return front.orElseThrow();
  }

  /** Makes the networks of this VM alone whole. */
  void heal() {
    front.ifPresent(FrontNetwork::heal);
  }

  /** Starts everything: node 1 leads, the others follow. */
  void startAll(Optional<Crash> crash) {
    nodes[0] = start(0, commands.first(common(0, true)), crash.flatMap(Crash::ofLeader));
    startCoordinator();
    for (int node = 1; node < nodes.length; node++) {
      nodes[node] =
          start(
              node,
              commands.again(common(node, true)),
              node == 1 ? crash.flatMap(Crash::ofStandby) : Optional.empty());
    }
  }

  /** Starts a node of the run again after it has died. */
  void restart(int node) {
    restart(node, List.of(), Optional.empty());
  }

  /** The same with more options, and armed with a crash point. */
  void restart(int node, List<String> options, Optional<String> crashPoint) {
    noteEnd(name(node), nodes[node]);
    List<String> arguments = new ArrayList<>(commands.again(common(node, false)));
    arguments.addAll(options);
    nodes[node] = start(node, arguments, crashPoint);
  }

  /** What a node shows of itself; only where {@link FaultKind#FLIPPED_MEMORY} is about it. */
  int httpPort(int node) {
    return httpPorts[node];
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

  /** An operator's command that moves the leadership; it ends by itself. */
  ChildJvm startSwitch(List<String> options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "switch",
                "--vm",
                vm,
                "--reason",
                "the fault suite",
                "--bootstrap-server",
                brokers.connection().bootstrapServers()));
    arguments.addAll(options);
    operators++;
    return launch("operator-" + operators, arguments, Optional.empty());
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

  /** Whether a process is dead or frozen. */
  static boolean isDown(ChildJvm process) {
    return !process.isAlive() || isFrozen(process);
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

  /** The crash points that a process came to, by name, and how often. */
  Map<String, Integer> crashPointsReached() {
    Map<String, Integer> reached = new TreeMap<>();
    for (ChildJvm node : nodes) {
      for (String line : node.lines()) {
        int at = line.indexOf(CrashPoint.REACHED);
        if (at >= 0) {
          String point = line.substring(at + CrashPoint.REACHED.length());
          reached.merge(point.substring(0, point.indexOf(':')), 1, Integer::sum);
        }
      }
    }
    return reached;
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
    List<ChildJvm> all = new ArrayList<>(Arrays.asList(nodes));
    all.add(coordinator);
    for (ChildJvm process : all) {
      if (process != null && process.isAlive()) {
        process.kill();
      }
    }
    front.ifPresent(FrontNetwork::close);
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
    if (name.equals("coordinator")) {
      front.ifPresent(network -> command.addAll(network.prefix()));
    }
    List<String> options =
        crashPoint
            .map(point -> List.of("-D" + CrashPoint.PROPERTY + "=" + point))
            .orElse(List.of());
    command.addAll(ChildJvm.command(options, MAIN, arguments));
    return ChildJvm.startProgram(name, directory.resolve(name + ".log"), command);
  }

  private List<String> common(int node, boolean isFirstStart) {
    List<String> common =
        new ArrayList<>(
            List.of(
                "--vm",
                vm,
                "--node",
                name(node),
                "--state",
                state(node).toString(),
                "--checkpoint-every",
                "1s",
                "--bootstrap-server",
                brokers.bootstrapServers(node)));
    if (main == FaultKind.CLONE_CRASH && isFirstStart) {
      // Nobody orders a snapshot but the node that joins later.
      common.addAll(List.of("--replay-at-most", "1000000"));
    } else if (byNode) {
      // Some seconds of work: whoever was away for longer comes back with a snapshot.
      common.addAll(List.of("--replay-at-most", "300"));
    }
    if (main == FaultKind.FLIPPED_MEMORY) {
      httpPorts[node] = LocalCluster.freePort();
      common.addAll(List.of("--http", Integer.toString(httpPorts[node])));
    }
    if (front.isPresent()) {
      common.addAll(List.of("--console-listen", FrontNetwork.host(node) + ":0"));
    }
    return common;
  }
}
