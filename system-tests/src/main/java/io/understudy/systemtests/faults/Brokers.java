package io.understudy.systemtests.faults;

import io.understudy.cli.demo.ChildJvm;
import io.understudy.cli.demo.LocalCluster;
import io.understudy.log.ClusterConnection;
import io.understudy.log.LogException;
import io.understudy.log.LogTopics;
import io.understudy.log.TopicFollower;
import io.understudy.log.TopicPublisher;
import io.understudy.log.VmDirectory;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;

/**
 * A Kafka cluster of processes, with a network of its own for each process of a VM.
 *
 * <p>A <em>slot</em> is one such network: every broker has a listener for it, and tells clients
 * that come over it the port of a {@link TcpProxy} in between. Owned by one thread.
 */
final class Brokers implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
  private static final String DIRECT = "DIRECT";
  private static final String CONTROLLER = "CONTROLLER";
  private static final String LOOPBACK = "127.0.0.1:";

  private final Path directory;
  private final String clusterId = Uuid.randomUuid().toString();
  private final List<Member> members = new ArrayList<>();

  /** One broker: its ports and its process. */
  private static final class Member {
    private final int id;
    private final int port = LocalCluster.freePort();
    private final int controllerPort = LocalCluster.freePort();
    private final List<Integer> listeners = new ArrayList<>();
    private final List<Integer> proxyPorts = new ArrayList<>();
    private final List<TcpProxy> proxies = new ArrayList<>();
    private ChildJvm process;

    private Member(int id, int slots) {
      this.id = id;
      for (int slot = 0; slot < slots; slot++) {
        listeners.add(LocalCluster.freePort());
        proxyPorts.add(LocalCluster.freePort());
      }
    }
  }

  private Brokers(Path directory) {
    this.directory = directory;
  }

  /** Starts {@code count} brokers, with {@code slots} networks, and returns when they serve. */
  static Brokers start(Path directory, int count, int slots) {
    Brokers brokers = new Brokers(directory);
    try {
      Files.createDirectories(directory);
      for (int id = 1; id <= count; id++) {
        brokers.members.add(new Member(id, slots));
      }
      for (Member member : brokers.members) {
        for (int slot = 0; slot < slots; slot++) {
          member.proxies.add(
              TcpProxy.start(member.proxyPorts.get(slot), member.listeners.get(slot)));
        }
        brokers.writeSettings(member);
        brokers.launch(member);
      }
      brokers.awaitService();
      return brokers;
    } catch (IOException e) {
      brokers.close();
      throw new UncheckedIOException("cannot start brokers: directory=" + directory, e);
    } catch (RuntimeException e) {
      brokers.close();
      throw e;
    }
  }

  /** Number of brokers. */
  int count() {
    return members.size();
  }

  /** The brokers as the suite itself reaches them. */
  ClusterConnection connection() {
    return ClusterConnection.of(addresses(members.stream().map(member -> member.port).toList()));
  }

  /** The brokers as the process in {@code slot} reaches them. */
  String bootstrapServers(int slot) {
    return addresses(members.stream().map(member -> member.proxyPorts.get(slot)).toList());
  }

  /** The network of {@code slot}: one proxy for each broker. */
  List<TcpProxy> network(int slot) {
    return members.stream().map(member -> member.proxies.get(slot)).toList();
  }

  /** A broker's process. */
  ChildJvm process(int index) {
    return members.get(index).process;
  }

  /** Where a broker has its partitions. */
  Path data(int index) {
    return directory.resolve("broker-" + members.get(index).id);
  }

  /** Starts a killed broker again, without waiting until it serves. */
  void restart(int index) {
    launch(members.get(index));
  }

  /** Makes everything whole: starts who is dead, wakes who is frozen, repairs all networks. */
  void heal() {
    for (Member member : members) {
      member.proxies.forEach(
          proxy -> {
            proxy.delay(0);
            proxy.become(TcpProxy.Mode.WHOLE);
          });
      if (member.process.isAlive()) {
        member.process.resume();
      } else {
        launch(member);
      }
    }
    awaitService();
  }

  /** Waits until all brokers serve. */
  private void awaitService() {
    long deadlineNanos = System.nanoTime() + START_TIMEOUT.toNanos();
    while (true) {
      try (LogTopics topics = new LogTopics(connection())) {
        topics.checkCluster();
        if (alive() == members.size()) {
          topics.createShared();
          return;
        }
      } catch (LogException e) {
        if (System.nanoTime() - deadlineNanos >= 0) {
          throw new IllegalStateException("the brokers do not serve\n" + tails(), e);
        }
      }
      if (System.nanoTime() - deadlineNanos >= 0) {
        throw new IllegalStateException("not all brokers serve\n" + tails());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
  }

  /** Says of a VM that its run has ended, or the coordinators of all later runs would watch it. */
  void forget(String vm) {
    try (TopicFollower<VmRecord> known = VmDirectory.follower(connection(), START_TIMEOUT);
        TopicPublisher<VmRecord> directory = VmDirectory.publisher(connection(), START_TIMEOUT)) {
      VmRecord last = known.current().get(vm);
      if (last != null) {
        directory.publish(
            new VmRecord(
                last.vm(),
                last.run(),
                last.partitions(),
                last.guest(),
                last.memoryBytes(),
                VmStatus.ENDED,
                last.term(),
                last.node(),
                last.startedAtMillis(),
                last.updatedAtMillis()));
      }
    }
  }

  private int alive() {
    try (Admin admin = connection().admin()) {
      return admin.describeCluster().nodes().get().size();
    } catch (ExecutionException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while brokers start", e);
    }
  }

  @Override
  public void close() {
    for (Member member : members) {
      if (member.process != null && member.process.isAlive()) {
        member.process.kill();
      }
      member.proxies.forEach(TcpProxy::close);
    }
  }

  private String tails() {
    StringBuilder text = new StringBuilder();
    members.forEach(member -> text.append(member.process.tail()).append('\n'));
    return text.toString();
  }

  private void launch(Member member) {
    member.process =
        ChildJvm.startProgram(
            "broker-" + member.id,
            directory.resolve("broker-" + member.id + ".log"),
            ChildJvm.command(
                List.of(), ClusterBroker.class.getName(), List.of(settings(member), clusterId)));
  }

  private String settings(Member member) {
    return directory.resolve("broker-" + member.id + ".properties").toString();
  }

  private void writeSettings(Member member) throws IOException {
    StringBuilder voters = new StringBuilder();
    for (Member other : members) {
      voters.append(',').append(other.id).append('@').append(LOOPBACK).append(other.controllerPort);
    }
    StringBuilder listeners = new StringBuilder();
    StringBuilder advertised = new StringBuilder();
    StringBuilder protocols = new StringBuilder();
    listeners.append(DIRECT + "://" + LOOPBACK).append(member.port);
    listeners.append("," + CONTROLLER + "://" + LOOPBACK).append(member.controllerPort);
    advertised.append(DIRECT + "://" + LOOPBACK).append(member.port);
    protocols.append(DIRECT + ":PLAINTEXT," + CONTROLLER + ":PLAINTEXT");
    for (int slot = 0; slot < member.listeners.size(); slot++) {
      String name = "SLOT" + slot;
      listeners.append("," + name + "://" + LOOPBACK).append(member.listeners.get(slot));
      advertised.append("," + name + "://" + LOOPBACK).append(member.proxyPorts.get(slot));
      protocols.append("," + name + ":PLAINTEXT");
    }
    Properties settings = new Properties();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(member.id));
    settings.put("controller.quorum.voters", voters.substring(1));
    settings.put("listeners", listeners.toString());
    settings.put("advertised.listeners", advertised.toString());
    settings.put("listener.security.protocol.map", protocols.toString());
    settings.put("inter.broker.listener.name", DIRECT);
    settings.put("controller.listener.names", CONTROLLER);
    settings.put("log.dirs", directory.resolve("broker-" + member.id).toString());
    String replicas = Integer.toString(Math.min(3, members.size()));
    for (String topic :
        new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
      settings.put(topic + ".replication.factor", replicas);
      settings.put(topic + ".num.partitions", "1");
    }
    settings.put("transaction.state.log.min.isr", members.size() >= 3 ? "2" : "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    // The same as the product's own broker has.
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("broker.session.timeout.ms", "3000");
    settings.put("broker.heartbeat.interval.ms", "500");
    settings.put("auto.create.topics.enable", "false");
    settings.put("add.partitions.to.txn.retry.backoff.ms", "1");
    settings.put("log.cleaner.dedupe.buffer.size", Integer.toString(2 * 1024 * 1024));
    settings.put("num.network.threads", "1");
    settings.put("num.io.threads", "2");
    try (Writer writer =
        Files.newBufferedWriter(Path.of(settings(member)), StandardCharsets.UTF_8)) {
      settings.store(writer, null);
    }
  }

  private static String addresses(List<Integer> ports) {
    StringBuilder text = new StringBuilder();
    ports.forEach(port -> text.append(',').append(LOOPBACK).append(port));
    return text.substring(1);
  }
}
