package io.understudy.cli.demo;

import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTopics;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.VmId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The demo with nodes that run as containers already ({@code compose.yaml}): it kills the container
 * of the leader, whichever that is, and starts it again as soon as the clients are done, so that
 * the VM is protected as it was. Owned by one thread; throws {@link DemoException} when something
 * does not happen in time.
 */
final class ContainerDemo {
  /** A container with this label runs the node of that name. */
  static final String NODE_LABEL = "io.understudy.node";

  private static final String PROJECT_LABEL = "com.docker.compose.project";
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /** A heartbeat that is older than this is no sign of life. */
  private static final Duration FRESH = Duration.ofSeconds(2);

  private final Settings settings;
  private final ContainerEngine engine;
  private final Consumer<String> people;

  /**
   * Where everything is.
   *
   * @param vm the VM
   * @param project name of the compose project whose containers run its nodes
   * @param service where its clients connect
   * @param socket the engine's socket
   * @param connection the Kafka cluster
   * @param trafficTime how long clients send requests
   * @param directory for what child processes print
   */
  record Settings(
      VmId vm,
      String project,
      InetSocketAddress service,
      Path socket,
      ClusterConnection connection,
      Duration trafficTime,
      Path directory) {}

  ContainerDemo(Settings settings, Consumer<String> people) {
    this.settings = settings;
    this.engine = new ContainerEngine(settings.socket());
    this.people = people;
  }

  DemoReport run() {
    try (LogTopics topics = new LogTopics(settings.connection())) {
      topics.createShared();
    }
    try (NodeBeats beats = new NodeBeats(settings.connection())) {
      return run(beats);
    }
  }

  private DemoReport run(NodeBeats beats) {
    String vm = settings.vm().text();
    await(beats, () -> leader(beats).isPresent(), "a node leads: vm=" + vm);
    Heartbeat leader = leader(beats).orElseThrow();
    String victim = container(leader.node());
    people.accept(leader.node() + " is primary of VM " + vm + ", container " + brief(victim));
    await(
        beats,
        () -> beats.standby(vm, leader.epoch(), sinceMillis()).isPresent(),
        "a standby follows: vm=" + vm + " epoch=" + leader.epoch());
    Heartbeat standby = beats.standby(vm, leader.epoch(), sinceMillis()).orElseThrow();
    String successor = container(standby.node());
    people.accept(
        standby.node()
            + " follows at epoch "
            + standby.epoch()
            + ", container "
            + brief(successor));
    await(beats, this::isServing, "clients are served: service=" + settings.service());
    FailoverUnderTraffic.Result failover;
    // Whatever happens meanwhile, the VM must not stay without a standby.
    try (VictimContainer container = new VictimContainer(engine, victim, people)) {
      failover =
          new FailoverUnderTraffic(
                  vm, stage(beats, container, successor), settings.trafficTime(), people)
              .run(traffic(leader), leader, standby.node());
    }
    await(
        beats,
        () ->
            beats
                .standby(vm, failover.before().epoch(), sinceMillis())
                .filter(beat -> beat.node().equals(leader.node()))
                .isPresent(),
        "the killed node follows again: vm=" + vm + " node=" + leader.node());
    people.accept(leader.node() + " was started again and follows");
    return account(failover);
  }

  /** The guest goes on meanwhile, so what is replayed is what was counted. */
  private DemoReport account(FailoverUnderTraffic.Result failover) {
    people.accept("counting what the log holds");
    EventLogSize size = EventLogSize.measure(settings.connection(), settings.vm(), () -> {});
    people.accept("replaying " + size.epochs() + " epochs from the log");
    List<String> command =
        new ArrayList<>(
            DemoRun.replayCommand(settings.vm().text(), settings.connection().bootstrapServers()));
    command.addAll(List.of("--from-epoch", Long.toString(size.firstEpoch())));
    command.addAll(List.of("--until-epoch", Long.toString(size.lastEpoch())));
    try (ChildJvm replay =
        ChildJvm.start("replay", settings.directory().resolve("replay.log"), command)) {
      return DemoRun.report(failover, size, replay, PATIENCE, () -> {}, people);
    }
  }

  private IncrTraffic.Settings traffic(Heartbeat leader) {
    // The guest of an earlier demo has its keys still; epochs only grow.
    return new IncrTraffic.Settings(
        "demo" + leader.epoch(),
        settings.service(),
        FailoverUnderTraffic.CLIENTS,
        Duration.ZERO,
        PATIENCE);
  }

  private FailoverUnderTraffic.Stage stage(
      NodeBeats beats, VictimContainer victim, String successor) {
    return new FailoverUnderTraffic.Stage() {
      @Override
      public NodeBeats beats() {
        return beats;
      }

      @Override
      public void await(BooleanSupplier condition, String expected) {
        ContainerDemo.this.await(beats, condition, expected);
      }

      @Override
      public void listen(Duration duration) {
        beats.until(() -> false, duration);
      }

      @Override
      public DemoException failure(String message) {
        return ContainerDemo.failure(beats, message);
      }

      @Override
      public String victim() {
        return "container " + brief(victim.id());
      }

      @Override
      public void kill() {
        victim.kill();
      }

      @Override
      public List<String> promotedLines() {
        return engine.lines(successor);
      }
    };
  }

  private Optional<Heartbeat> leader(NodeBeats beats) {
    return beats
        .leader(settings.vm().text(), 1)
        .filter(beat -> beat.sentAtMillis() >= sinceMillis());
  }

  private String container(String node) {
    List<String> found =
        engine.containers(Map.of(NODE_LABEL, node, PROJECT_LABEL, settings.project()));
    if (found.size() != 1) {
      throw new DemoException(
          String.format(
              Locale.ROOT,
              "one container must run the node: node=%s project=%s found=%s",
              node,
              settings.project(),
              found));
    }
    return found.get(0);
  }

  private boolean isServing() {
    try (RespClient client = RespClient.connect(settings.service(), FRESH)) {
      return client.ping();
    } catch (IOException e) {
      return false;
    }
  }

  private void await(NodeBeats beats, BooleanSupplier condition, String expected) {
    if (!beats.until(condition, PATIENCE)) {
      throw failure(beats, "did not happen in " + PATIENCE.toMillis() + " ms: " + expected);
    }
  }

  private static DemoException failure(NodeBeats beats, String message) {
    return new DemoException(message + "\n" + beats.describe());
  }

  /** All containers share the host's wall clock. */
  private static long sinceMillis() {
    return System.currentTimeMillis() - FRESH.toMillis();
  }

  private static String brief(String id) {
    return id.substring(0, Math.min(12, id.length()));
  }
}
