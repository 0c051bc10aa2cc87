package io.understudy.failover.coordinator;

import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import io.understudy.failover.front.FrontStatistics;
import io.understudy.failover.monitor.MeterSet;
import io.understudy.failover.monitor.Monitor;
import io.understudy.failover.monitor.Readiness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The meters of a coordinator: of itself, and for each VM that it watches. Rows of VMs are made
 * anew before they are read, because VMs come and go. Any thread may read.
 */
public final class CoordinatorMeters implements AutoCloseable {
  private static final double NANOS_PER_SECOND = 1e9;

  private final Monitor monitor;
  private final String name;
  private final Tags tags;
  private final Supplier<CoordinatorStatus> status;
  private final MeterSet own;
  private final List<PerVm> perVm = new ArrayList<>();
  private final MultiGauge milestones;

  private record PerVm(MultiGauge gauge, ToDoubleFunction<CoordinatorStatus.Watched> value) {}

  /** What is to show {@code coordinator} in {@code monitor}, and whether it is ready. */
  public CoordinatorMeters(Monitor monitor, String name, Coordinator coordinator) {
    this.monitor = monitor;
    this.name = "coordinator=" + name;
    this.status = coordinator::status;
    this.tags = Tags.of("node", name, "role", "coordinator");
    this.own = new MeterSet(monitor, tags);
    own.gauge(
            "understudy.coordinator.steady",
            "1 if Kafka carries the coordinator's probe in time; while not, nobody is judged.",
            () -> status.get().clusterSteady() ? 1 : 0)
        .gauge(
            "understudy.coordinator.probe.age.seconds",
            "Age of the newest probe that came back; NaN when none did.",
            () ->
                status.get().probeAgeNanos() < 0
                    ? Double.NaN
                    : status.get().probeAgeNanos() / NANOS_PER_SECOND)
        .counter(
            "understudy.coordinator.orders",
            "Promotions ordered by this process.",
            coordinator::ordersGiven);
    perVm(
        "understudy.vm.state",
        "What the coordinator does about the VM: 0 learning, 1 watching, 2 suspecting, 3 ordered,"
            + " 4 promoted, 5 no candidate, 6 ended.",
        vm -> vm.state().code());
    perVm("understudy.vm.term", "Highest term heard of.", CoordinatorStatus.Watched::term);
    perVm(
        "understudy.vm.protected",
        "1 if a standby could take over.",
        vm -> vm.isProtected() ? 1 : 0);
    perVm(
        "understudy.vm.leader.silence.seconds",
        "Time since the leader's last sign of life.",
        vm -> vm.lastSignAgeNanos() / NANOS_PER_SECOND);
    perVm(
        "understudy.vm.nodes.heard",
        "Nodes of the VM that give signs of life.",
        vm -> vm.nodes().stream().filter(CoordinatorStatus.Node::isHeard).count());
    perVm(
        "understudy.front.problem",
        "1 if something keeps clients away from the VM's front.",
        vm -> vm.frontProblem().isPresent() ? 1 : 0);
    front("understudy.front.clients", "Clients of the VM's front.", FrontStatistics::clients);
    front(
        "understudy.front.attached",
        "1 if the front is attached to a node.",
        front -> front.node().isPresent() ? 1 : 0);
    front(
        "understudy.front.input.unacknowledged.bytes",
        "Input of clients that is not committed.",
        front -> front.inputOffset() - front.inputAcknowledged());
    front(
        "understudy.front.clients.disconnected",
        "Clients that the front has disconnected so far.",
        FrontStatistics::clientsDisconnected);
    this.milestones =
        MultiGauge.builder("understudy.failover.seconds")
            .description(
                "Last failover: time from the old leader's last sign of life to each step.")
            .tags(tags)
            .register(monitor.registry());
  }

  /** They are read, and readiness is asked, from now on. */
  public void start() {
    monitor.beforeReading(this::refresh);
    monitor.check(name, this::readiness);
  }

  private void perVm(String meter, String help, ToDoubleFunction<CoordinatorStatus.Watched> value) {
    perVm.add(
        new PerVm(
            MultiGauge.builder(meter).description(help).tags(tags).register(monitor.registry()),
            value));
  }

  private void front(String meter, String help, ToDoubleFunction<FrontStatistics> value) {
    perVm(
        meter,
        help,
        vm -> vm.front().map(front -> value.applyAsDouble(front.statistics())).orElse(Double.NaN));
  }

  private synchronized void refresh() {
    CoordinatorStatus now = status.get();
    for (PerVm meter : perVm) {
      List<Row<?>> rows = new ArrayList<>();
      for (CoordinatorStatus.Watched vm : now.vms()) {
        double value = meter.value().applyAsDouble(vm);
        rows.add(Row.of(Tags.of("vm", vm.vm().vm()), () -> value));
      }
      meter.gauge().register(rows, true);
    }
    List<Row<?>> rows = new ArrayList<>();
    for (CoordinatorStatus.Watched vm : now.vms()) {
      if (!vm.failovers().isEmpty()) {
        FailoverTimeline last = vm.failovers().get(vm.failovers().size() - 1);
        for (Map.Entry<FailoverTimeline.Milestone, Duration> step :
            last.sinceLastSign().entrySet()) {
          double seconds = step.getValue().toNanos() / NANOS_PER_SECOND;
          Tags which =
              Tags.of("vm", vm.vm().vm(), "phase", step.getKey().name().toLowerCase(Locale.ROOT));
          rows.add(Row.of(which, () -> seconds));
        }
      }
    }
    milestones.register(rows, true);
  }

  private Readiness readiness() {
    CoordinatorStatus now = status.get();
    if (!now.clusterSteady()) {
      return Readiness.no("Kafka does not carry its probes in time");
    }
    List<String> problems =
        now.vms().stream()
            .flatMap(vm -> vm.frontProblem().stream())
            .map(what -> "clients cannot connect: " + what)
            .toList();
    return problems.isEmpty()
        ? Readiness.yes("watches " + now.vms().size() + " VMs")
        : Readiness.no(String.join("; ", problems));
  }

  @Override
  public void close() {
    own.close();
    monitor.forget(name);
  }
}
