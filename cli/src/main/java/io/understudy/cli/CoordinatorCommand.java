package io.understudy.cli;

import io.understudy.cli.Converters.FrontOption;
import io.understudy.failover.coordinator.Coordinator;
import io.understudy.failover.coordinator.CoordinatorMeters;
import io.understudy.failover.coordinator.CoordinatorSettings;
import io.understudy.failover.coordinator.DetectorSettings;
import io.understudy.failover.coordinator.VmFront;
import io.understudy.failover.front.FrontTls;
import io.understudy.failover.front.FrontVm;
import io.understudy.failover.monitor.Monitor;
import io.understudy.log.AccessRole;
import io.understudy.log.ClusterConnection;
import io.understudy.log.LogTopics;
import io.understudy.schemas.VmId;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Watches all VMs of a cluster, orders promotions and runs fronts. */
@Command(
    name = "coordinator",
    description = {
      "Watch all VMs of a cluster and order a standby to lead when a leader is dead.",
      "Runs the ports that clients connect to. Several coordinators do no harm."
    })
final class CoordinatorCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(CoordinatorCommand.class);

  @Spec private CommandSpec spec;
  @Mixin private ClusterOptions cluster;
  @Mixin private HttpOptions http;

  @Option(
      names = "--name",
      defaultValue = "coordinator",
      paramLabel = "NAME",
      description = "Name of this coordinator, unique in the cluster.")
  private String name;

  @Option(
      names = "--front",
      showDefaultValue = Help.Visibility.NEVER,
      paramLabel = "VM=HOST:PORT[:stream|channels]",
      description =
          "Where clients of a VM connect, and how they share its console (channels when not said)."
              + " May be repeated.",
      converter = Converters.ToFront.class)
  private List<FrontOption> fronts = new ArrayList<>();

  @Option(
      names = "--front-tls-config",
      paramLabel = "FILE",
      description =
          "Let fronts speak TLS to clients: properties as for Kafka's brokers,"
              + " ssl.keystore.location and so on. They speak plainly when not given.")
  private Path frontTls;

  @Option(
      names = "--heartbeat-interval",
      defaultValue = "50ms",
      paramLabel = "TIME",
      description = "How often nodes send heartbeats.",
      converter = Converters.ToDuration.class)
  private Duration heartbeatInterval;

  @Option(
      names = "--failure-timeout",
      defaultValue = "1s",
      paramLabel = "TIME",
      description = "Confirmed silence after which a leader is dead.",
      converter = Converters.ToDuration.class)
  private Duration failureTimeout;

  @Option(
      names = "--missed-beats",
      defaultValue = "3",
      paramLabel = "N",
      description = "Missing heartbeats that are enough when the leader's host says it is gone.")
  private int missedBeats;

  @Option(
      names = "--cluster-stall",
      defaultValue = "500ms",
      paramLabel = "TIME",
      description = "Kafka is disturbed when its echo is older than this; nobody is judged then.",
      converter = Converters.ToDuration.class)
  private Duration clusterStall;

  @Option(
      names = "--promotion-timeout",
      defaultValue = "30s",
      paramLabel = "TIME",
      description = "How long an ordered standby may take before another order is written.",
      converter = Converters.ToDuration.class)
  private Duration promotionTimeout;

  @Override
  public Integer call() {
    CoordinatorSettings settings = settings();
    Map<VmId, FrontVm.Service> services = services();
    Optional<FrontTls> tls = tls();
    AtomicBoolean running = new AtomicBoolean(true);
    Termination.onSignal(() -> running.set(false));
    try (Monitor monitor = http.open()) {
      watch(settings, FrontVm.factory(services, tls), monitor, running);
    }
    return ExitCode.OK.code();
  }

  private void watch(
      CoordinatorSettings settings,
      VmFront.Factory frontFactory,
      Monitor monitor,
      AtomicBoolean running) {
    ClusterConnection connection = cluster.reach();
    try (LogTopics topics = new LogTopics(connection)) {
      topics.prepareFor(AccessRole.COORDINATOR);
    }
    try (Coordinator coordinator = Coordinator.open(settings, connection, frontFactory);
        CoordinatorMeters meters = new CoordinatorMeters(monitor, name, coordinator)) {
      meters.start();
      PrintWriter out = spec.commandLine().getOut();
      out.println("coordinator ready: name=" + name + " fronts=" + services().keySet());
      out.flush();
      while (running.get()) {
        coordinator.runOnce();
      }
    }
  }

  CoordinatorSettings settings() {
    Duration least = Duration.ofMillis(1);
    Limits.within("--heartbeat-interval", heartbeatInterval, least, Duration.ofMinutes(1));
    Limits.within("--missed-beats", missedBeats, 2, 1000);
    Duration suspected = heartbeatInterval.multipliedBy(missedBeats);
    Limits.within("--failure-timeout", failureTimeout, suspected.plus(least), Limits.HOUR);
    Limits.within(
        "--cluster-stall",
        clusterStall,
        heartbeatInterval.multipliedBy(2),
        failureTimeout.minus(least));
    Limits.within(
        "--promotion-timeout", promotionTimeout, failureTimeout.plus(least), Limits.MONTH);
    return new CoordinatorSettings(
        name,
        new DetectorSettings(heartbeatInterval, failureTimeout, missedBeats, clusterStall),
        promotionTimeout);
  }

  /** The key with which fronts speak TLS, if that was asked for. */
  private Optional<FrontTls> tls() {
    if (frontTls == null) {
      return Optional.empty();
    }
    FrontTls key;
    try {
      key = FrontTls.read(frontTls);
    } catch (UncheckedIOException unreadable) {
      throw new ParameterException(spec.commandLine(), Failures.line(unreadable), unreadable);
    }
    LOG.info("fronts speak {}", key);
    return Optional.of(key);
  }

  Map<VmId, FrontVm.Service> services() {
    Map<VmId, FrontVm.Service> services = new LinkedHashMap<>();
    for (FrontOption front : fronts) {
      FrontVm.Service other =
          services.put(front.vm(), new FrontVm.Service(front.listen(), front.mode()));
      if (other != null) {
        throw new ParameterException(
            spec.commandLine(), "a VM has one front; --front is given twice: vm=" + front.vm());
      }
    }
    return services;
  }
}
