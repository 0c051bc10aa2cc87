package io.understudy.cli.demo;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogException;
import io.understudy.log.LogTopics;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/**
 * A broker, nodes and coordinators as child processes on the loopback address (nodes maybe in lab
 * hosts that are), below one directory: {@code broker/} the broker's data, one state directory for
 * each node, {@code logs/} what they print.
 *
 * <p>Everything that waits has a deadline, and says in its {@link DemoException} what the processes
 * printed last. All processes end with {@link #close}, or with this JVM. Owned by one thread.
 */
public final class LocalCluster implements AutoCloseable {
  private static final int FIRST_PORT = 20_000;
  private static final int END_OF_PORTS = 32_000;
  private static final int PORT_TRIES = 1_000;
  private static final Set<Integer> PORTS_GIVEN = ConcurrentHashMap.newKeySet();

  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  private static final int PARTITIONS = 4;
  private static final int MEMORY_MIB = 16;

  private final Path directory;
  private final NodeHosts hosts;
  private final int brokerPort;
  private final List<ChildJvm> children = new ArrayList<>();
  private final List<ChildJvm> needed = new ArrayList<>();
  private final Thread killer = new Thread(this::killAll, "local-cluster-killer");
  private ChildJvm broker;
  private NodeBeats beats;

  private LocalCluster(Path directory, NodeHosts hosts, int brokerPort) {
    this.directory = directory;
    this.hosts = hosts;
    this.brokerPort = brokerPort;
  }

  /**
   * Starts a broker with its data in {@code directory} and returns when it serves.
   *
   * @throws DemoException if it does not
   */
  public static LocalCluster start(Path directory) {
    return start(directory, NodeHosts.local());
  }

  /** The same, with nodes that run elsewhere. */
  static LocalCluster start(Path directory, NodeHosts hosts) {
    try {
      Files.createDirectories(directory.resolve("logs"));
    } catch (IOException e) {
      throw new DemoException("cannot create the cluster's directory: directory=" + directory, e);
    }
    LocalCluster cluster = new LocalCluster(directory, hosts, freePort());
    Runtime.getRuntime().addShutdownHook(cluster.killer);
    try {
      cluster.startBroker();
      try (LogTopics topics = new LogTopics(cluster.connection())) {
        topics.createShared();
      }
      cluster.beats = new NodeBeats(cluster.connection());
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  /**
   * A TCP port of the loopback address that nobody listens on now, and another one each time. Not
   * of those that the system gives to outgoing connections: one of them may take it in between.
   */
  public static int freePort() {
    for (int tries = 0; tries < PORT_TRIES; tries++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, END_OF_PORTS);
      if (PORTS_GIVEN.add(port) && isFree(port)) {
        return port;
      }
    }
    throw new IllegalStateException(
        "cannot find a free port: from=" + FIRST_PORT + " tries=" + PORT_TRIES);
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  /** Starts the broker, again after it was killed, and returns when it serves. */
  public ChildJvm startBroker() {
    broker =
        start(
            "broker",
            List.of(
                "broker",
                "--data",
                brokerData().toString(),
                "--port",
                Integer.toString(brokerPort)));
    long deadlineNanos = System.nanoTime() + START_TIMEOUT.toNanos();
    while (true) {
      try (LogTopics topics = new LogTopics(connection())) {
        topics.checkCluster();
        return broker;
      } catch (LogException e) {
        if (System.nanoTime() - deadlineNanos >= 0 || !broker.isAlive()) {
          throw new DemoException("the broker does not serve\n" + broker.tail(), e);
        }
      }
    }
  }

  /** Starts a node that powers a new VM on. */
  public ChildJvm startPrimary(String vm, String node, String... options) {
    List<String> arguments = node("primary", vm, node);
    arguments.addAll(List.of("--memory", Integer.toString(MEMORY_MIB)));
    arguments.addAll(List.of("--partitions", Integer.toString(PARTITIONS)));
    arguments.addAll(List.of(options));
    return startOnKvm(vm + "-" + node, arguments);
  }

  /** Starts a node that follows a VM, from its newest checkpoint if it has one. */
  public ChildJvm startStandby(String vm, String node, String... options) {
    List<String> arguments = node("standby", vm, node);
    arguments.addAll(List.of(options));
    return startOnKvm(vm + "-" + node, arguments);
  }

  /** Starts a node that keeps {@code vms}, with its state where it had it before. */
  public ChildJvm startNode(String node, List<String> vms, String... options) {
    List<String> arguments = new ArrayList<>(List.of("node", "--node", node));
    vms.forEach(vm -> arguments.addAll(List.of("--vm", vm)));
    arguments.addAll(hosts.nodeOptions(directory.resolve(node)));
    arguments.addAll(List.of("--memory", Integer.toString(MEMORY_MIB)));
    arguments.addAll(List.of("--bootstrap-server", bootstrapServers()));
    arguments.addAll(List.of(options));
    return startOnKvm(node, arguments);
  }

  /** Starts a coordinator with a front in channels mode for each VM, at the port that it has. */
  public ChildJvm startCoordinator(String name, Map<String, Integer> ports, String... options) {
    List<String> arguments =
        new ArrayList<>(
            List.of("coordinator", "--bootstrap-server", bootstrapServers(), "--name", name));
    ports.forEach(
        (vm, port) ->
            arguments.addAll(List.of("--front", vm + "=127.0.0.1:" + port + ":channels")));
    arguments.addAll(hosts.coordinatorOptions());
    arguments.addAll(List.of(options));
    return start(name, arguments);
  }

  /** Starts a coordinator with a front of {@code vm} in channels mode at {@code frontPort}. */
  public ChildJvm startCoordinator(String vm, int frontPort, String... options) {
    return startCoordinator(vm + "-coordinator", Map.of(vm, frontPort), options);
  }

  /** Starts any command on this host; its output goes to {@code logs/NAME.log}. */
  public ChildJvm start(String name, List<String> arguments) {
    return add(ChildJvm.start(name, log(name), arguments));
  }

  /** Starts a command that needs KVM, where the nodes are; its output goes the same way. */
  ChildJvm startOnKvm(String name, List<String> arguments) {
    return add(hosts.start(name, log(name), arguments, brokerPort));
  }

  private Path log(String name) {
    return directory.resolve("logs").resolve(name + ".log");
  }

  private ChildJvm add(ChildJvm child) {
    synchronized (children) {
      children.add(child);
    }
    return child;
  }

  /** Waits until {@code node} leads {@code vm} and serves. */
  public Heartbeat awaitLeader(String vm, String node, long term, Duration timeout) {
    await(
        () -> beats.leader(vm, term).filter(beat -> beat.node().equals(node)).isPresent(),
        "node leads: vm=" + vm + " node=" + node + " term=" + term,
        timeout);
    return beats.leader(vm, term).orElseThrow();
  }

  /**
   * Waits until {@code node} follows {@code vm} closely: it has applied what was committed when
   * this was called.
   */
  public Heartbeat awaitFollowing(String vm, String node, Duration timeout) {
    beats.poll();
    long epoch = beats.leader(vm, 1).map(Heartbeat::epoch).orElse(0L);
    return awaitApplied(vm, node, epoch, timeout);
  }

  /** Waits until the standby {@code node} has applied {@code epoch}. */
  public Heartbeat awaitApplied(String vm, String node, long epoch, Duration timeout) {
    await(
        () ->
            beats
                .newest(vm, node)
                .filter(beat -> beat.role() == NodeRole.STANDBY && beat.epoch() >= epoch)
                .isPresent(),
        "standby follows: vm=" + vm + " node=" + node + " epoch=" + epoch,
        timeout);
    return beats.newest(vm, node).orElseThrow();
  }

  /** Waits until clients get answers at {@code frontPort}. */
  public void awaitService(int frontPort, Duration timeout) {
    await(() -> isServing(frontPort), "clients are served: port=" + frontPort, timeout);
  }

  /** From now on nobody waits for anything without these processes. */
  void need(ChildJvm... processes) {
    needed.addAll(List.of(processes));
  }

  /** This process may end. */
  void needNoMore(ChildJvm process) {
    needed.remove(process);
  }

  /**
   * Listens to heartbeats until {@code condition} holds; what was expected goes into the message.
   *
   * @throws DemoException if it does not in time, or a needed process has ended
   */
  public void await(BooleanSupplier condition, String expected, Duration timeout) {
    if (!beats.until(() -> checked(condition), timeout)) {
      throw failure("did not happen in " + timeout.toMillis() + " ms: " + expected);
    }
  }

  /** Lets {@code duration} pass while listening to heartbeats; else as {@link #await}. */
  public void listen(Duration duration) {
    beats.until(() -> checked(() -> false), duration);
  }

  private boolean checked(BooleanSupplier condition) {
    requireNeeded();
    return condition.getAsBoolean();
  }

  /**
   * Looks whether all needed processes are there.
   *
   * @throws DemoException if one has ended
   */
  void requireNeeded() {
    for (ChildJvm process : needed) {
      if (!process.isAlive()) {
        throw failure(
            "a process ended that is needed: name="
                + process.name()
                + " pid="
                + process.pid()
                + " exitCode="
                + process.awaitExit(Duration.ZERO));
      }
    }
  }

  /** The heartbeats heard so far. */
  public NodeBeats beats() {
    return beats;
  }

  /** The broker's process. */
  public ChildJvm broker() {
    return broker;
  }

  /** Connection to the broker. */
  public ClusterConnection connection() {
    return ClusterConnection.of(bootstrapServers());
  }

  /** Address of the broker. */
  public String bootstrapServers() {
    return "127.0.0.1:" + brokerPort;
  }

  /** Data directory of the broker. */
  public Path brokerData() {
    return directory.resolve("broker");
  }

  /** State directory of a node. */
  public Path state(String vm, String node) {
    return directory.resolve(vm + "-" + node);
  }

  /** An exception that shows the newest heartbeats and what every process printed last. */
  public DemoException failure(String message) {
    StringBuilder text = new StringBuilder(message).append('\n').append(beats.describe());
    synchronized (children) {
      children.forEach(child -> text.append(child.tail()).append('\n'));
    }
    return new DemoException(text.toString());
  }

  /** Ends the nodes, then the broker, in order where they do so in time. */
  @Override
  public void close() {
    List<ChildJvm> last;
    synchronized (children) {
      last = new ArrayList<>(children);
    }
    if (beats != null) {
      beats.close();
    }
    last.stream().filter(child -> child != broker).forEach(ChildJvm::close);
    last.forEach(ChildJvm::close);
    try {
      Runtime.getRuntime().removeShutdownHook(killer);
    } catch (IllegalStateException e) {
      // The JVM is ending and the hook runs already.
      killAll();
    }
  }

  private boolean isServing(int frontPort) {
    try (RespClient client = RespClient.connect(frontPort, Duration.ofSeconds(2))) {
      return client.ping();
    } catch (IOException e) {
      return false;
    }
  }

  private List<String> node(String command, String vm, String node) {
    List<String> arguments = new ArrayList<>(List.of(command, "--vm", vm, "--node", node));
    arguments.addAll(hosts.nodeOptions(state(vm, node)));
    arguments.addAll(List.of("--bootstrap-server", bootstrapServers()));
    return arguments;
  }

  private void killAll() {
    synchronized (children) {
      children.forEach(ChildJvm::killNow);
    }
  }
}
