package io.understudy.failover.node;

import io.understudy.capture.HostClock;
import io.understudy.capture.LiveRun;
import io.understudy.capture.StopReason;
import io.understudy.capture.snapshot.SnapshotTaker;
import io.understudy.failover.coordinator.NodePhase;
import io.understudy.kvm.Kvm;
import io.understudy.log.AccessRole;
import io.understudy.log.ChainState;
import io.understudy.log.EpochLog;
import io.understudy.log.FencedWriter;
import io.understudy.log.HeartbeatTopic;
import io.understudy.log.KafkaEpochWriter;
import io.understudy.log.LogException;
import io.understudy.log.LogExtent;
import io.understudy.log.LogFencedException;
import io.understudy.log.LogTimeoutException;
import io.understudy.log.LogTopics;
import io.understudy.log.TopicPublisher;
import io.understudy.log.VmDirectory;
import io.understudy.machine.Landmark;
import io.understudy.machine.Machine;
import io.understudy.machine.MachineConfig;
import io.understudy.machine.RunClock;
import io.understudy.machine.RunHeader;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.replay.Standby;
import io.understudy.replay.StartOptions;
import io.understudy.schemas.EventRecord;
import io.understudy.schemas.GuestEvent;
import io.understudy.schemas.GuestEvent.RunStarted;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.Protection;
import io.understudy.schemas.Retention;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one VM in this process, from the beginning as its primary or behind another one as its
 * standby. The thread that calls {@link #runPrimary} or {@link #runStandby} is the vCPU thread;
 * {@link #stop} may be called by any.
 */
public final class Node {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final Duration DIRECTORY_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(100);

  /** Without orders that are there already a node begins all the same. */
  private static final Duration ORDERS_TIMEOUT = Duration.ofSeconds(5);

  /** A living primary begins with a snapshot within a second, on a busy host within a few. */
  private static final Duration SNAPSHOT_ANSWER_TIMEOUT = Duration.ofSeconds(15);

  private final NodeSettings settings;
  private final OrderBoard board;
  private final NodeWatch watch;
  private final AtomicReference<NodeExit> asked = new AtomicReference<>();
  private volatile LiveRun live;
  private volatile boolean hasLed;

  /**
   * A node that has not begun.
   *
   * @param board where it reads its orders; not closed here
   * @param watching what it does for its standbys when it leads, and where it shows what it does
   */
  public Node(NodeSettings settings, OrderBoard board, Watching watching) {
    this.settings = settings;
    this.board = board;
    this.watch = new NodeWatch(settings, watching.protection(), watching.monitor());
  }

  /**
   * Begins a run and leads it.
   *
   * @throws RunExistsException if the VM's log holds a run already
   */
  public NodeExit runPrimary(NewRun run) throws InterruptedException {
    try (Kvm kvm = Kvm.open(settings.kvmDevice())) {
      // What this host lacks is found before anything is created, or taken from anybody.
      RunHeader.requireFit(kvm, run.parts().program());
      try (Outside outside = openOutside()) {
        outside.accept(run.attachments());
        return begin(kvm, run, outside);
      }
    } catch (LogTimeoutException timeout) {
      return new NodeExit(NodeExit.Kind.LOG_TIMEOUT, timeout.getMessage());
    } catch (LogFencedException lost) {
      return new NodeExit(NodeExit.Kind.FENCED, lost.getMessage());
    } finally {
      watch.close();
    }
  }

  private NodeExit begin(Kvm kvm, NewRun run, Outside outside) throws InterruptedException {
    try (LogTopics topics = new LogTopics(settings.connection())) {
      topics.prepareFor(AccessRole.PRIMARY);
      // Before the fence, which would end a primary that leads already, and again behind it.
      if (topics.exists(settings.vm())) {
        requireEmptyLog(false);
      }
      topics.create(settings.vm(), run.partitions());
    }
    try (Pulse pulse = pulse(outside, NodeRole.STANDBY, "STARTING");
        FencedWriter fenced =
            KafkaEpochWriter.fence(
                settings.connection(), settings.vm(), settings.commitTimeout())) {
      requireEmptyLog(true);
      // Not earlier: the guest's time begins with the configuration.
      MachineConfig config =
          new MachineConfig(
              run.parts().program(),
              run.memoryBytes(),
              run.commandLine(),
              System.currentTimeMillis(),
              new SecureRandom().nextLong(),
              RunClock.bestOf(kvm),
              run.parts().disk(),
              run.macAddress(),
              run.consoleDevice());
      RunStarted header =
          RunHeader.describe(
              kvm,
              config,
              run.guest(),
              run.partitions(),
              run.consoleMode(),
              hostFacts(),
              settings.node());
      UUID runId = UUID.randomUUID();
      try (Machine machine = Machine.powerOn(kvm, config, outside.output())) {
        EpochLog log = fenced.begin(runId, 1, ChainState.genesis(), header.partitions());
        pulse.start();
        watch.start();
        return lead(
            kvm,
            machine,
            log,
            header,
            firstEvent(runId, machine, header),
            runId,
            1,
            outside,
            pulse,
            () -> LOG.info("run started: vm={} run={}", settings.vm(), runId));
      }
    }
  }

  /** Follows the VM's log, from this node's newest checkpoint on, until it is ordered to lead. */
  public NodeExit runStandby() throws InterruptedException {
    try (Kvm kvm = Kvm.open(settings.kvmDevice());
        Outside outside = openOutside()) {
      try (LogTopics topics = new LogTopics(settings.connection())) {
        topics.prepareFor(AccessRole.STANDBY);
        while (!topics.exists(settings.vm())) {
          if (asked.get() != null) {
            return asked.get();
          }
          LockSupport.parkNanos(POLL.toNanos());
        }
      }
      UUID logged = LogExtent.of(settings.connection(), settings.vm()).run();
      board.awaitRead(ORDERS_TIMEOUT);
      // Not first restored, or copied from the primary, who would be held up for nothing.
      if (isToLeave(logged)) {
        return left(logged);
      }
      try (Pulse pulse = pulse(outside, NodeRole.STANDBY, StartOptions.RESTORING)) {
        pulse.start();
        watch.start();
        OrderListener orders = new OrderListener(settings, board);
        Standby.Setup setup =
            new Standby.Setup(
                kvm,
                settings.connection(),
                settings.vm(),
                header -> {
                  outside.accept(header.attachments());
                  return settings.files().read(header);
                },
                outside.output(),
                StoreKeeper.storeIn(settings.stateDirectory()),
                settings.checkpointEvery(),
                new StartOptions(
                    settings.node(),
                    settings.snapshots().start(),
                    settings.snapshots().replayAtMost(),
                    SNAPSHOT_ANSWER_TIMEOUT,
                    pulse::phase));
        try (Standby standby = Standby.open(setup, () -> isToLeave(logged))) {
          if (standby == null) {
            return left(logged);
          }
          return follow(kvm, standby, outside, orders, pulse);
        }
      }
    } catch (LogTimeoutException timeout) {
      return new NodeExit(NodeExit.Kind.LOG_TIMEOUT, timeout.getMessage());
    } catch (LogFencedException lost) {
      return new NodeExit(NodeExit.Kind.FENCED, lost.getMessage());
    } finally {
      watch.close();
    }
  }

  /** Of no run, null, nobody is detached. */
  private boolean isToLeave(UUID run) {
    return asked.get() != null || board.detached(settings.vm(), settings.node(), run).isPresent();
  }

  private NodeExit left(UUID run) {
    if (asked.get() != null) {
      return asked.get();
    }
    String by =
        board
            .detached(settings.vm(), settings.node(), run)
            .map(order -> order.orderedBy() + ": " + order.reason())
            .orElse("an order that was taken back");
    return new NodeExit(NodeExit.Kind.DETACHED, "detached by " + by);
  }

  /** Whether it ever held the log and led, if only for a moment. */
  boolean hasLed() {
    return hasLed;
  }

  /** Ends the node soon, in good order. */
  public void stop(String why) {
    end(new NodeExit(NodeExit.Kind.REQUESTED, why));
  }

  /** Without its console nobody can reach the guest; another node, or a later attempt, has one. */
  void consoleFailed(Throwable failure) {
    LOG.error("the console failed: vm={} node={}", settings.vm(), settings.node(), failure);
    end(new NodeExit(NodeExit.Kind.FAILED, "the console failed: " + failure));
  }

  /** The first reason counts. */
  private void end(NodeExit why) {
    asked.compareAndSet(null, why);
    LiveRun running = live;
    if (running != null) {
      end(running);
    }
  }

  private void end(LiveRun running) {
    NodeExit why = asked.get();
    if (why.kind() == NodeExit.Kind.FAILED) {
      running.fail(why.message());
    } else {
      running.stop(why.message());
    }
  }

  private NodeExit follow(
      Kvm kvm, Standby standby, Outside outside, OrderListener orders, Pulse pulse)
      throws InterruptedException {
    UUID run = standby.header().run();
    pulse.became(run, NodeRole.STANDBY, StartOptions.FOLLOWING, new StandbyGauge(standby));
    watch.follows(standby, outside);
    try (Promotion promotion =
        new Promotion(
            settings, standby, orders, pulse, () -> asked.get() != null, () -> isToLeave(run))) {
      standby.follow(promotion);
      if (promotion.isRunOver()) {
        return new NodeExit(NodeExit.Kind.GUEST_ENDED, standby.machine().ended().orElseThrow());
      }
      if (!promotion.isDrained()) {
        return left(run);
      }
      pulse.phase(NodePhase.OPENING.name());
      long term = standby.progress().term() + 1;
      EpochLog log = promotion.begin();
      GuestEvent.TermStarted first =
          new GuestEvent.TermStarted(
              settings.node(),
              promotion.order().orderedBy() + ": " + promotion.order().reason(),
              term - 1);
      NodeExit exit =
          lead(
              kvm,
              standby.machine(),
              log,
              first,
              standby.header(),
              run,
              term,
              outside,
              pulse,
              () -> {
                long openedAt = System.nanoTime();
                watch.promoted(promotion.phases(openedAt));
                LOG.info(
                    "promoted: vm={} term={} {}", settings.vm(), term, promotion.timings(openedAt));
              });
      return exit;
    } catch (ReplayDivergenceException divergence) {
      pulse.phase(NodePhase.DIVERGED.name());
      watch.diverged(divergence.getMessage());
      return new NodeExit(NodeExit.Kind.DIVERGED, divergence.getMessage());
    }
  }

  /** The run's first event as it will be in the log. */
  private EventRecord firstEvent(UUID run, Machine machine, RunStarted header) {
    Landmark at = machine.landmark();
    return new EventRecord(
        settings.vm().text(), run, 1, 0, 0, machine.position(), at.rip(), at.registers(), header);
  }

  private NodeExit lead(
      Kvm kvm,
      Machine machine,
      EpochLog log,
      GuestEvent first,
      EventRecord runStarted,
      UUID run,
      long term,
      Outside outside,
      Pulse pulse,
      Runnable onOpened)
      throws InterruptedException {
    LiveRun leadership =
        new LiveRun(
            machine,
            log,
            outside.gate(machine.ended().isPresent()),
            settings.capture(),
            HostClock.SYSTEM);
    SnapshotTaker snapshots =
        leadership.enableSnapshots(
            runStarted, outside.output()::held, settings.snapshots().cloning(), settings.node());
    RunStarted header = (RunStarted) runStarted.event();
    live = leadership;
    leadership.open(first);
    hasLed = true;
    outside.goLive(run, term, machine, leadership);
    LogKeeper keeper =
        new LogKeeper(
            settings,
            kvm,
            machine.config(),
            run,
            header.wallClockEpochMillis(),
            leadership.statistics());
    watch.leads(run, term, machine, leadership, outside, snapshots.statistics(), keeper);
    pulse.became(
        run,
        NodeRole.PRIMARY,
        NodePhase.LIVE.name(),
        new PrimaryGauge(leadership, term, watch, keeper));
    onOpened.run();
    try (LeaderOrders obeyed = new LeaderOrders(settings, board, run, term, leadership, pulse);
        TopicPublisher<VmRecord> directory =
            VmDirectory.publisher(settings.connection(), DIRECTORY_TIMEOUT);
        DirectoryEntry entry =
            new DirectoryEntry(
                directory::publish,
                status -> vmRecord(header, run, term, status),
                () -> asked.get() != null);
        SnapshotOrders orders = new SnapshotOrders(settings, board, run, term, snapshots);
        keeper) {
      orders.start();
      keeper.start();
      entry.start();
      obeyed.obeyStanding();
      if (asked.get() != null) {
        end(leadership);
      }
      StopReason reason = leadership.run();
      LOG.info(
          "leadership ended: vm={} term={} {} {}",
          settings.vm(),
          term,
          leadership.statistics(),
          snapshots.statistics());
      if (reason.kind() == StopReason.Kind.GUEST_ENDED) {
        entry.ended(settings.commitTimeout());
      }
      return new NodeExit(NodeExit.Kind.valueOf(reason.kind().name()), reason.message());
    }
  }

  private VmRecord vmRecord(RunStarted header, UUID run, long term, VmStatus status) {
    return new VmRecord(
        settings.vm().text(),
        run,
        header.partitions(),
        header.guest(),
        header.memoryBytes(),
        status,
        term,
        settings.node(),
        header.wallClockEpochMillis(),
        System.currentTimeMillis());
  }

  private void requireEmptyLog(boolean fenced) {
    LogExtent log = LogExtent.of(settings.connection(), settings.vm());
    if (log.run() != null) {
      throw new RunExistsException(settings.vm(), log.run(), fenced);
    }
    if (!log.isWhole()) {
      throw new LogException(
          "the log has lost its beginning and holds nothing: vm="
              + settings.vm()
              + ": start a standby that has a checkpoint, or delete the log (understudy topics"
              + " delete)");
    }
  }

  private Outside openOutside() {
    return Outside.open(settings, this::consoleFailed);
  }

  private Pulse pulse(Outside outside, NodeRole role, String phase) {
    return new Pulse(
        settings,
        outside.console().address(),
        HeartbeatTopic.publisher(settings.connection()),
        role,
        phase);
  }

  private static SortedMap<String, String> hostFacts() {
    SortedMap<String, String> facts = new TreeMap<>();
    facts.put("os.name", System.getProperty("os.name"));
    facts.put("os.version", System.getProperty("os.version"));
    facts.put("os.arch", System.getProperty("os.arch"));
    facts.put("java.version", System.getProperty("java.version"));
    facts.put("understudy.version", ProgramVersion.text());
    return facts;
  }

  /** How far a standby is. */
  private record StandbyGauge(Standby standby) implements Pulse.Gauge {
    @Override
    public long term() {
      return standby.progress().term();
    }

    @Override
    public long epoch() {
      return standby.progress().epoch();
    }

    @Override
    public long position() {
      return standby.progress().position();
    }

    @Override
    public long checkpointEpoch() {
      return standby.checkpointEpoch();
    }

    @Override
    public long digestsVerified() {
      return standby.progress().digestsVerified();
    }

    @Override
    public long digestMismatches() {
      return standby.progress().digestMismatches();
    }
  }

  /** How far a primary is. */
  private record PrimaryGauge(LiveRun run, long term, NodeWatch watch, LogKeeper keeper)
      implements Pulse.Gauge {
    @Override
    public long epoch() {
      return run.statistics().lastCommittedEpoch();
    }

    @Override
    public long position() {
      return run.statistics().lastCommittedPosition();
    }

    @Override
    public Protection protection() {
      return watch.protection().state();
    }

    @Override
    public Retention retention() {
      return keeper.state();
    }

    @Override
    public long logFirstEpoch() {
      return keeper.firstEpoch();
    }

    @Override
    public int throttlePermille() {
      return watch.protection().permille();
    }
  }
}
