package io.understudy.benchmarks.vms;

import io.understudy.benchmarks.ChildProcess;
import io.understudy.benchmarks.LocalBroker;
import io.understudy.benchmarks.WorkDirectory;
import io.understudy.cli.demo.EventLogSize;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.cli.demo.RespClient;
import io.understudy.schemas.Topics;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;

/**
 * A broker, a coordinator with a front for each VM, a node that leads all VMs, and maybe one that
 * follows them all, each in a process of its own.
 */
final class NodeCluster implements Deployment {
  private static final String LEADER = "host-a";
  private static final String STANDBY = "host-b";

  /** For anything to happen, on a busy host too. */
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private static final long CONNECT_PAUSE_NANOS = 50_000_000;

  private final List<String> vms;
  private final Map<String, Integer> ports = new TreeMap<>();
  private final Map<Part, ChildProcess> processes = new EnumMap<>(Part.class);
  private final WorkDirectory directory;
  private final LocalBroker broker;
  private final Admin admin;
  private final ClusterWatch watch;

  private NodeCluster(List<String> vms, WorkDirectory directory, LocalBroker broker) {
    this.vms = vms;
    this.directory = directory;
    this.broker = broker;
    this.admin = broker.connection().admin();
    this.watch = new ClusterWatch(broker.connection(), vms, TIMEOUT);
    vms.forEach(vm -> ports.put(vm, LocalCluster.freePort()));
  }

  /** Starts everything and waits until all VMs are led, and followed if they shall be. */
  static NodeCluster start(int vms, boolean isProtected, WorkDirectory directory)
      throws IOException {
    List<String> names = IntStream.rangeClosed(1, vms).mapToObj(i -> "ledger-" + i).toList();
    NodeCluster cluster =
        new NodeCluster(names, directory, LocalBroker.start(log(directory, Part.BROKER)));
    try {
      cluster.startCoordinator();
      cluster.startNode(
          Part.LEADER,
          LEADER,
          List.of("--begin", "--memory", Integer.toString(MEMORY_MIB), "--unprotected", "run"));
      cluster.watch.awaitLed(LEADER);
      if (isProtected) {
        cluster.startNode(Part.STANDBY, STANDBY, List.of());
        cluster.watch.awaitProtected(LEADER, STANDBY);
      }
      return cluster;
    } catch (RuntimeException | Error failure) {
      cluster.close();
      throw failure;
    }
  }

  private void startCoordinator() {
    List<String> words = new ArrayList<>(List.of("coordinator"));
    ports.forEach((vm, port) -> words.addAll(List.of("--front", vm + "=127.0.0.1:" + port)));
    start(Part.COORDINATOR, words).awaitLine("coordinator ready");
  }

  private void startNode(Part part, String name, List<String> options) {
    List<String> words = new ArrayList<>(List.of("node", "--node", name));
    words.addAll(List.of("--state", directory.path().resolve(name).toString()));
    vms.forEach(vm -> words.addAll(List.of("--vm", vm)));
    words.addAll(options);
    start(part, words);
  }

  private static Path log(WorkDirectory directory, Part part) {
    return directory.path().resolve(part.key() + ".log");
  }

  private ChildProcess start(Part part, List<String> words) {
    words.addAll(List.of("--bootstrap-server", broker.connection().bootstrapServers()));
    ChildProcess process = ChildProcess.understudy(log(directory, part), words);
    processes.put(part, process);
    return process;
  }

  @Override
  public Map<Part, List<Long>> processes() {
    Map<Part, List<Long>> ids = new EnumMap<>(Part.class);
    processes.forEach((part, process) -> ids.put(part, List.of(process.pid())));
    ids.put(Part.BROKER, List.of(broker.pid()));
    return ids;
  }

  @Override
  public List<RespClient> connect() throws IOException {
    List<RespClient> clients = new ArrayList<>();
    try {
      for (int port : ports.values()) {
        clients.add(connect(port));
      }
      return clients;
    } catch (IOException failure) {
      clients.forEach(RespClient::close);
      throw failure;
    }
  }

  /** A front listens once its coordinator has heard of the VM. */
  private static RespClient connect(int port) throws IOException {
    long deadlineNanos = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      try {
        return RespClient.connect(port, TIMEOUT);
      } catch (ConnectException nobodyListens) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          throw nobodyListens;
        }
        LockSupport.parkNanos(CONNECT_PAUSE_NANOS);
      }
    }
  }

  @Override
  public OptionalLong logBytes() {
    Set<String> topics =
        vms.stream().map(vm -> Topics.events(new VmId(vm))).collect(Collectors.toSet());
    return OptionalLong.of(EventLogSize.segmentBytes(admin, topics));
  }

  @Override
  public int requireSound() {
    return watch.requireUnchanged();
  }

  @Override
  public void close() throws IOException {
    // The coordinator first: it must not take the end of a node for its death.
    for (Part part : List.of(Part.COORDINATOR, Part.STANDBY, Part.LEADER)) {
      if (processes.containsKey(part)) {
        processes.get(part).close();
      }
    }
    admin.close();
    broker.close();
  }
}
