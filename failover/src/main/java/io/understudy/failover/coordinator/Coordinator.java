package io.understudy.failover.coordinator;

import io.understudy.capture.HostClock;
import io.understudy.failover.front.Endpoint;
import io.understudy.log.ClusterConnection;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmId;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Watches all VMs of a cluster, orders promotions and runs the fronts.
 *
 * <p>A duty cycle: its owner calls {@link #runOnce} in a loop, from one thread, which owns this
 * object; each call does bounded work and waits a few milliseconds at most, except that writing an
 * order waits for its acknowledgement. {@link #status} may be called by any thread.
 *
 * <p>It keeps nothing that must survive: a coordinator that starts reads the newest heartbeats and
 * then watches for a full timeout before it judges anybody. Any number of coordinators may run at
 * once, under different names; see {@link VmWatch} for why their orders cannot do harm.
 *
 * <p>An outage of the cluster is waited out. Anything else unexpected is thrown, and the process
 * should end.
 */
public final class Coordinator implements AutoCloseable {
  /** Views are for people; a state that changed is sent at once. */
  private static final int INTERVALS_PER_VIEW = 20;

  private final CoordinatorSettings settings;
  private final ClusterPort cluster;
  private final VmFront.Factory fronts;
  private final HostClock clock;
  private final Supplier<UUID> newId;
  private final UUID incarnation;
  private final long startNanos;
  private final ClusterProbe probe;
  private final FrontEvents frontEvents;
  private final SortedMap<String, Run> runs = new TreeMap<>();

  private final AtomicLong ordersGiven = new AtomicLong();
  private long probeSentNanos;
  private volatile CoordinatorStatus status;

  /** A watched run and its front. */
  private static final class Run {
    private final VmWatch watch;
    private final RunFront front;
    private Optional<VmState> stateSent = Optional.empty();
    private long viewSentNanos;

    private Run(VmWatch watch, RunFront front) {
      this.watch = watch;
      this.front = front;
    }
  }

  /**
   * Opens a coordinator on a cluster.
   *
   * @throws io.understudy.log.LogException if the shared topics cannot be read now
   */
  public static Coordinator open(
      CoordinatorSettings settings, ClusterConnection connection, VmFront.Factory fronts) {
    return new Coordinator(
        settings,
        KafkaCluster.open(connection, settings.detector()),
        fronts,
        HostClock.SYSTEM,
        UUID::randomUUID);
  }

  /** Takes ownership of {@code cluster}. */
  Coordinator(
      CoordinatorSettings settings,
      ClusterPort cluster,
      VmFront.Factory fronts,
      HostClock clock,
      Supplier<UUID> newId) {
    this.settings = settings;
    this.cluster = cluster;
    this.fronts = fronts;
    this.clock = clock;
    this.newId = newId;
    this.incarnation = newId.get();
    this.startNanos = clock.nanoTime();
    this.probeSentNanos = startNanos - settings.detector().heartbeatInterval().toNanos();
    this.probe = new ClusterProbe(settings.detector().clusterStall());
    this.frontEvents = new FrontEvents(clock);
    this.status = currentStatus(startNanos);
  }

  /** One turn: receive, judge, order, probe. Returns how much there was to do. */
  public int runOnce() {
    int work = cluster.poll(new Received());
    work += takeFrontEvents();
    long nowNanos = clock.nanoTime();
    for (Run run : runs.values()) {
      work += decide(run, nowNanos);
    }
    sendProbe(nowNanos);
    runs.values().forEach(run -> run.front.tend(run.watch.endpoints(), nowNanos));
    runs.values().forEach(run -> sendView(run, nowNanos));
    status = currentStatus(nowNanos);
    return work;
  }

  /** Orders given, repeated ones included; any thread may ask. */
  public long ordersGiven() {
    return ordersGiven.get();
  }

  /** What it knew at the end of the last turn. */
  public CoordinatorStatus status() {
    return status;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    List<Runnable> closing = new ArrayList<>();
    runs.values().forEach(run -> closing.add(run.front::close));
    closing.add(cluster::close);
    for (Runnable close : closing) {
      try {
        close.run();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    runs.clear();
    if (failure != null) {
      throw failure;
    }
  }

  private int decide(Run run, long nowNanos) {
    Optional<PromotionOrdered> order = run.watch.decide(nowNanos, clock.epochMillis());
    // Whether it arrived is not asked: the watch repeats it until the standby acts.
    order.ifPresent(cluster::order);
    order.ifPresent(given -> ordersGiven.incrementAndGet());
    if (run.watch.wantsCommittedEnd(nowNanos)) {
      cluster.askCommittedEnd(run.watch.vm());
    }
    return order.isPresent() ? 1 : 0;
  }

  /** Every interval, and at once when nothing but a newer probe keeps a leader from being dead. */
  private void sendProbe(long nowNanos) {
    boolean due = nowNanos - probeSentNanos >= settings.detector().heartbeatInterval().toNanos();
    for (Run run : runs.values()) {
      long verdictDue = run.watch.detector().probeDueNanos();
      due |= nowNanos - verdictDue >= 0 && probeSentNanos - verdictDue < 0;
    }
    if (due) {
      probeSentNanos = nowNanos;
      cluster.beat(
          CoordinatorBeat.probe(
              settings.name(), incarnation, nowNanos - startNanos, clock.epochMillis()));
    }
  }

  private void sendView(Run run, long nowNanos) {
    long intervalNanos =
        settings.detector().heartbeatInterval().multipliedBy(INTERVALS_PER_VIEW).toNanos();
    Optional<VmState> state = Optional.of(run.watch.state());
    if (state.equals(run.stateSent) && nowNanos - run.viewSentNanos < intervalNanos) {
      return;
    }
    run.stateSent = state;
    run.viewSentNanos = nowNanos;
    cluster.beat(
        CoordinatorBeat.view(
            settings.name(),
            incarnation,
            run.watch.vm(),
            run.watch.detector().term(),
            run.watch.state(),
            run.front.state(),
            run.front
                .view()
                .map(CoordinatorStatus.FrontView::address)
                .map(address -> new Endpoint(address.getHostString(), address.getPort())),
            clock.epochMillis()));
  }

  private int takeFrontEvents() {
    var events = frontEvents.take();
    for (FrontEvents.Event event : events) {
      runs.values().stream()
          .filter(run -> run.watch.vm().run().equals(event.run()))
          .forEach(run -> apply(event, run));
    }
    return events.size();
  }

  private static void apply(FrontEvents.Event event, Run run) {
    Optional<String> node = event.node().flatMap(run.watch.nodes()::at);
    FailureDetector detector = run.watch.detector();
    switch (event.kind()) {
      case LINK_LOST -> node.ifPresent(detector::linkLost);
      case LINK_REFUSED -> node.ifPresent(name -> detector.linkRefused(name, event.atNanos()));
      case LINK_UP -> node.ifPresent(detector::linkUp);
      case FIRST_OUTPUT -> run.watch.firstOutput(event.term(), event.atNanos());
      case CONTRADICTED -> run.front.contradicted(event.detail());
      case FAILED -> run.front.failed(event.detail(), event.atNanos());
    }
  }

  private CoordinatorStatus currentStatus(long nowNanos) {
    List<CoordinatorStatus.Watched> watched = new ArrayList<>();
    for (Run run : runs.values()) {
      watched.add(run.watch.status(nowNanos, run.front.view(), run.front.problem()));
    }
    return new CoordinatorStatus(
        settings.name(), incarnation, probe.isSteady(nowNanos), probe.ageNanos(nowNanos), watched);
  }

  /** Hands what the cluster says to the watch it is for. */
  private final class Received implements ClusterPort.Inbox {
    @Override
    public void directory(VmRecord vm) {
      Run known = runs.get(vm.vm());
      if (known != null && known.watch.vm().run().equals(vm.run())) {
        known.watch.directory(vm, clock.nanoTime());
        return;
      }
      if (known != null) {
        // The last leader of an earlier run may still write its entry.
        if (vm.startedAtMillis() < known.watch.vm().startedAtMillis()) {
          return;
        }
        known.front.close();
        runs.remove(vm.vm());
      }
      long nowNanos = clock.nanoTime();
      VmWatch watch = new VmWatch(settings, probe, newId, vm, nowNanos);
      RunFront front =
          RunFront.of(
              vm,
              () ->
                  vm.status() == VmStatus.ENDED
                      ? Optional.empty()
                      : fronts.open(
                          new VmId(vm.vm()), vm.run(), frontEvents.listener(vm.vm(), vm.run())),
              nowNanos);
      runs.put(vm.vm(), new Run(watch, front));
    }

    @Override
    public void beat(Heartbeat beat) {
      long nowNanos = clock.nanoTime();
      if (CoordinatorBeat.isProbe(beat)) {
        if (beat.incarnation().equals(incarnation)) {
          probe.confirmed(startNanos + beat.position(), nowNanos);
        }
      } else if (beat.role() != NodeRole.COORDINATOR && runs.containsKey(beat.vm())) {
        runs.get(beat.vm()).watch.beat(beat, nowNanos);
      }
    }

    @Override
    public void order(PromotionOrdered order, boolean retained) {
      Run run = runs.get(order.vm());
      if (run != null) {
        run.watch.order(order, clock.nanoTime(), clock.epochMillis(), retained);
      }
    }

    @Override
    public void committedEnd(VmRecord vm, long end) {
      Run run = runs.get(vm.vm());
      if (run != null && run.watch.vm().run().equals(vm.run())) {
        run.watch.committedEnd(end, clock.nanoTime());
      }
    }
  }
}
