package io.understudy.failover.coordinator;

import io.understudy.failover.coordinator.Verdict.Life;
import io.understudy.failover.front.Endpoint;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import io.understudy.schemas.Heartbeat;
import io.understudy.schemas.NodeRole;
import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches one run and decides when which standby is ordered to lead; see {@link VmState}.
 *
 * <p><strong>One order per term.</strong> While an ordered standby lives, nobody else is ordered
 * for the same term. When it dies, turns out to be diverged or takes too long, another one is
 * ordered for the <em>same</em> {@code fromTerm}. That is safe although the first may only have
 * seemed dead: both take the fence, the later fence wins, and whoever lost it can commit nothing,
 * not even its {@code TermStarted}; and a standby that finds the term already ended while it drains
 * gives up its order. The log gets one leader for the next term in every interleaving. The same
 * holds for the orders of two coordinators. What a needless order costs is a pause.
 *
 * <p>Orders of others are followed like own ones, so coordinators that see each other's orders do
 * not add to them, and an operator's order to switch over shows the same states.
 *
 * <p>Pure: time is passed in. Owned by the coordinator's thread.
 */
final class VmWatch {
  private static final Logger LOGGER = LoggerFactory.getLogger(VmWatch.class);
  private static final int TIMELINES_KEPT = 16;

  private final CoordinatorSettings settings;
  private final ClusterProbe probe;
  private final Supplier<UUID> newId;
  private final long startedNanos;
  private final long timeoutNanos;
  private final FailureDetector detector;
  private final NodeTable nodes;
  private final Set<UUID> avoided = new HashSet<>();
  private final Set<UUID> written = new HashSet<>();
  private final Deque<FailoverTimeline> finished = new ArrayDeque<>();

  private VmRecord vm;
  private VmState state = VmState.LEARNING;
  private String stateReason = "the run is new to this coordinator";
  private Optional<Pending> pending = Optional.empty();
  private Optional<PromotionOrdered> newestOrder = Optional.empty();
  private Optional<TimelineRecorder> failover = Optional.empty();
  private OptionalLong committedEnd = OptionalLong.empty();
  private OptionalLong endAskedNanos = OptionalLong.empty();

  /** An order whose term has not started yet; the candidate's process is empty until it is seen. */
  private record Pending(
      PromotionOrdered order,
      boolean own,
      Optional<UUID> candidate,
      long sinceNanos,
      long writtenNanos) {}

  VmWatch(
      CoordinatorSettings settings,
      ClusterProbe probe,
      Supplier<UUID> newId,
      VmRecord vm,
      long nowNanos) {
    this.settings = settings;
    this.probe = probe;
    this.newId = newId;
    this.vm = vm;
    this.startedNanos = nowNanos;
    this.timeoutNanos = settings.detector().timeout().toNanos();
    this.detector =
        new FailureDetector(
            settings.detector(), probe, vm.term(), Optional.of(vm.node()), nowNanos);
    this.nodes = new NodeTable(settings.detector(), probe);
    if (vm.status() == VmStatus.ENDED) {
      become(VmState.ENDED, "the directory says so");
    }
  }

  VmRecord vm() {
    return vm;
  }

  FailureDetector detector() {
    return detector;
  }

  NodeTable nodes() {
    return nodes;
  }

  VmState state() {
    return state;
  }

  /** A newer directory entry of the same run. */
  void directory(VmRecord entry, long nowNanos) {
    if (entry.term() < vm.term()) {
      return;
    }
    vm = entry;
    if (entry.status() == VmStatus.ENDED && state != VmState.ENDED) {
      become(VmState.ENDED, "the directory says so");
      return;
    }
    long before = detector.term();
    detector.leaderNamed(entry.term(), entry.node(), nowNanos);
    afterSign(before, nowNanos);
  }

  /** A heartbeat of this VM. Beats of another run are not ours to judge. */
  void beat(Heartbeat beat, long nowNanos) {
    if (!beat.run().equals(vm.run())
        || (beat.role() != NodeRole.PRIMARY && beat.role() != NodeRole.STANDBY)) {
      return;
    }
    nodes.beat(beat, nowNanos);
    long before = detector.term();
    detector.beat(beat, nowNanos);
    afterSign(before, nowNanos);
    failover.ifPresent(recorder -> recordPhase(recorder, beat, nowNanos));
  }

  /** An order in the control topic, of whomever; {@code retained} if it may be an old one. */
  void order(PromotionOrdered order, long nowNanos, long wallMillis, boolean retained) {
    // Our own orders come back too, possibly when we have given up on them already.
    boolean own = written.contains(order.orderId());
    if (own || !order.run().equals(vm.run()) || order.fromTerm() < detector.term()) {
      return;
    }
    newestOrder = Optional.of(order);
    boolean watching = state.allows(VmState.ORDERED) || state == VmState.ORDERED;
    if (!retained && watching && order.fromTerm() == detector.term()) {
      follow(order, "ordered by " + order.orderedBy(), nowNanos, wallMillis);
    }
  }

  /** Clients of the front got the first output of {@code term}. */
  void firstOutput(long term, long nowNanos) {
    failover
        .filter(recorder -> recorder.toTerm() == term)
        .ifPresent(recorder -> recorder.firstOutput(nowNanos));
  }

  /** Whether the log's end should be asked for: only while the heartbeats leave doubt. */
  boolean wantsCommittedEnd(long nowNanos) {
    if (state != VmState.SUSPECTING) {
      committedEnd = OptionalLong.empty();
      endAskedNanos = OptionalLong.empty();
      return false;
    }
    long interval = settings.detector().heartbeatInterval().toNanos();
    if (endAskedNanos.isPresent() && nowNanos - endAskedNanos.getAsLong() < interval) {
      return false;
    }
    endAskedNanos = OptionalLong.of(nowNanos);
    return true;
  }

  /**
   * The log is committed up to {@code end}, the sum over all partitions. The first answer while
   * suspecting is only the base to compare with, so the last commits of a leader that died do not
   * count as life.
   */
  void committedEnd(long end, long nowNanos) {
    if (state != VmState.SUSPECTING) {
      return;
    }
    if (committedEnd.isPresent() && end > committedEnd.getAsLong()) {
      detector.committed(nowNanos);
    }
    committedEnd = OptionalLong.of(end);
  }

  /** Judges and acts; returns an order to be written now, if any. */
  Optional<PromotionOrdered> decide(long nowNanos, long wallMillis) {
    if (state == VmState.LEARNING) {
      if (probe.hasWatchedFor(timeoutNanos) && nowNanos - startedNanos >= timeoutNanos) {
        become(VmState.WATCHING, "watched for a full timeout");
      } else {
        return Optional.empty();
      }
    }
    return switch (state) {
      case WATCHING, SUSPECTING, NO_CANDIDATE -> judge(nowNanos, wallMillis);
      case PROMOTED -> watchNewLeader(nowNanos, wallMillis);
      case ORDERED -> watchCandidate(nowNanos, wallMillis);
      case LEARNING, ENDED -> Optional.empty();
    };
  }

  /** The verdict, and an order if it is death. */
  private Optional<PromotionOrdered> judge(long nowNanos, long wallMillis) {
    Verdict verdict = detector.verdict(nowNanos);
    return switch (verdict.life()) {
      case ALIVE -> {
        if (state != VmState.WATCHING) {
          failover = failover.filter(recorder -> recorder.toTerm() > 0);
          become(VmState.WATCHING, verdict.reason());
        }
        yield Optional.empty();
      }
      case SUSPECT -> {
        if (state != VmState.SUSPECTING) {
          become(VmState.SUSPECTING, verdict.reason());
        }
        yield Optional.empty();
      }
      case DEAD -> replace(verdict.reason(), nowNanos, wallMillis);
    };
  }

  private Optional<PromotionOrdered> watchNewLeader(long nowNanos, long wallMillis) {
    boolean serves =
        detector
            .node()
            .flatMap(nodes::of)
            .filter(beat -> beat.role() == NodeRole.PRIMARY && beat.term() == detector.term())
            .filter(beat -> !NodePhase.of(beat).isPromotion())
            .isPresent();
    if (serves) {
      become(VmState.WATCHING, "the new leader serves");
      return Optional.empty();
    }
    Verdict verdict = detector.verdict(nowNanos);
    return verdict.life() == Life.DEAD
        ? replace(verdict.reason(), nowNanos, wallMillis)
        : Optional.empty();
  }

  /** Writes one order for the dead leader's term, unless a living candidate has one already. */
  private Optional<PromotionOrdered> replace(String reason, long nowNanos, long wallMillis) {
    if (state == VmState.WATCHING || state == VmState.PROMOTED) {
      become(VmState.SUSPECTING, reason);
    }
    Optional<PromotionOrdered> ofOther = newestOrder.filter(this::isWorthFollowing);
    if (ofOther.isPresent()) {
      follow(ofOther.get(), reason, nowNanos, wallMillis);
      return Optional.empty();
    }
    Optional<Heartbeat> candidate = nodes.candidate(avoided);
    if (candidate.isEmpty()) {
      // A standby that missed a beat or two is worth the wait for its next one.
      if (state != VmState.NO_CANDIDATE && !nodes.hasLivingStandby()) {
        detected(reason, nowNanos, wallMillis);
        become(VmState.NO_CANDIDATE, reason + "; no standby can take over");
      } else if (state == VmState.ORDERED) {
        // The one that was ordered has failed, and nobody is ordered now.
        become(VmState.SUSPECTING, reason + "; waits for a standby's next beat");
      }
      return Optional.empty();
    }
    PromotionOrdered order =
        new PromotionOrdered(
            vm.vm(),
            vm.run(),
            detector.term(),
            candidate.get().node(),
            newId.get(),
            reason,
            settings.name(),
            wallMillis);
    written.add(order.orderId());
    start(
        new Pending(order, true, Optional.of(candidate.get().incarnation()), nowNanos, nowNanos),
        reason,
        nowNanos,
        wallMillis);
    return Optional.of(order);
  }

  /** Waits for the ordered standby; orders another one when it fails. */
  private Optional<PromotionOrdered> watchCandidate(long nowNanos, long wallMillis) {
    Pending current = pending.orElseThrow();
    String node = current.order().toNode();
    Optional<Heartbeat> beat = nodes.of(node);
    Optional<String> failure = failureOf(current, beat);
    if (failure.isPresent()) {
      Verdict verdict = detector.verdict(nowNanos);
      String reason = "candidate " + node + " " + failure.get() + "; " + verdict.reason();
      if (verdict.life() == Life.SUSPECT) {
        return Optional.empty();
      }
      current.candidate().ifPresent(avoided::add);
      pending = Optional.empty();
      newestOrder = newestOrder.filter(order -> !order.equals(current.order()));
      if (verdict.life() == Life.ALIVE) {
        // It was not fenced, or it will find out with its next commit and fall silent.
        failover = Optional.empty();
        become(VmState.WATCHING, reason);
        return Optional.empty();
      }
      return replace(reason, nowNanos, wallMillis);
    }
    if (current.candidate().isEmpty() && beat.isPresent()) {
      pending =
          Optional.of(
              new Pending(
                  current.order(),
                  current.own(),
                  beat.map(Heartbeat::incarnation),
                  current.sinceNanos(),
                  current.writtenNanos()));
    }
    boolean acting = beat.filter(found -> NodePhase.of(found).isPromotion()).isPresent();
    if (current.own() && !acting && nowNanos - current.writtenNanos() >= timeoutNanos) {
      // The write may have been lost. The identical order again is the same order to its reader.
      pending =
          Optional.of(
              new Pending(
                  current.order(), true, current.candidate(), current.sinceNanos(), nowNanos));
      return Optional.of(current.order());
    }
    return Optional.empty();
  }

  /** Why the ordered standby will not lead, empty while it may. */
  private Optional<String> failureOf(Pending current, Optional<Heartbeat> beat) {
    boolean longEnough = probe.confirmedSilence(current.sinceNanos()) >= timeoutNanos;
    if (nodes.isDead(current.order().toNode())) {
      return beat.isPresent() || longEnough ? Optional.of("is dead") : Optional.empty();
    }
    if (beat.isPresent() && current.candidate().isPresent()) {
      if (!beat.get().incarnation().equals(current.candidate().get())) {
        return Optional.of("was restarted");
      }
      if (beat.get().role() == NodeRole.STANDBY && !NodePhase.canLead(beat.get())) {
        return Optional.of("cannot lead: phase=" + beat.get().phase());
      }
    }
    long patience = settings.promotionTimeout().toNanos();
    return probe.confirmedSilence(current.sinceNanos()) >= patience
        ? Optional.of("does not get ready")
        : Optional.empty();
  }

  private boolean isWorthFollowing(PromotionOrdered order) {
    return order.fromTerm() == detector.term()
        && nodes.of(order.toNode()).filter(NodePhase::canLead).isPresent()
        && !nodes.isDead(order.toNode());
  }

  private void follow(PromotionOrdered order, String reason, long nowNanos, long wallMillis) {
    Optional<UUID> candidate = nodes.of(order.toNode()).map(Heartbeat::incarnation);
    start(new Pending(order, false, candidate, nowNanos, nowNanos), reason, nowNanos, wallMillis);
  }

  private void start(Pending next, String reason, long nowNanos, long wallMillis) {
    detected(reason, nowNanos, wallMillis);
    failover.orElseThrow().ordered(next.order(), nowNanos);
    pending = Optional.of(next);
    newestOrder = Optional.of(next.order());
    String what =
        reason
            + "; order="
            + next.order().orderId()
            + " by="
            + next.order().orderedBy()
            + " to="
            + next.order().toNode();
    if (state == VmState.ORDERED) {
      stateReason = what;
      LOGGER.info("ordered again: {} term={}: {}", vmAndRun(), detector.term(), what);
    } else {
      become(VmState.ORDERED, what);
    }
  }

  private void detected(String reason, long nowNanos, long wallMillis) {
    if (failover.filter(recorder -> recorder.fromTerm() == detector.term()).isEmpty()) {
      archive();
      failover = Optional.of(new TimelineRecorder(vm, detector, reason, wallMillis, nowNanos));
    }
  }

  /** A failover that led to a new term is kept, one that was called off is not. */
  private void archive() {
    failover
        .filter(recorder -> recorder.toTerm() > 0)
        .ifPresent(
            recorder -> {
              finished.addLast(recorder.timeline());
              if (finished.size() > TIMELINES_KEPT) {
                finished.removeFirst();
              }
            });
  }

  /** What follows when a beat or the directory has named a higher term. */
  private void afterSign(long termBefore, long nowNanos) {
    if (detector.term() == termBefore) {
      return;
    }
    failover
        .filter(recorder -> recorder.toTerm() == 0)
        .ifPresent(recorder -> recorder.termStarted(detector.term(), detector.node(), nowNanos));
    LOGGER.info(
        "new term: {} term={} before={} node={}",
        vmAndRun(),
        detector.term(),
        termBefore,
        detector.node().orElse("unknown"));
    avoided.clear();
    written.clear();
    pending = Optional.empty();
    newestOrder = newestOrder.filter(order -> order.fromTerm() >= detector.term());
    if (state == VmState.ORDERED) {
      become(VmState.PROMOTED, "term " + detector.term() + " was started");
    }
  }

  private void recordPhase(TimelineRecorder recorder, Heartbeat beat, long nowNanos) {
    boolean candidate =
        pending.filter(current -> current.order().toNode().equals(beat.node())).isPresent();
    boolean newLeader = beat.role() == NodeRole.PRIMARY && beat.term() == recorder.toTerm();
    if (newLeader) {
      recorder.termStarted(beat.term(), Optional.of(beat.node()), nowNanos);
      recorder.phase(
          NodePhase.of(beat).isPromotion() ? NodePhase.of(beat) : NodePhase.LIVE, nowNanos);
    } else if (candidate && NodePhase.of(beat).isPromotion()) {
      recorder.phase(NodePhase.of(beat), nowNanos);
    }
  }

  private void become(VmState next, String reason) {
    if (!state.allows(next)) {
      throw new IllegalStateException(
          "no such transition: " + vmAndRun() + " from=" + state + " to=" + next + ": " + reason);
    }
    LOGGER.info(
        "{} -> {}: {} term={} node={}: {}",
        state,
        next,
        vmAndRun(),
        detector.term(),
        detector.node().orElse("unknown"),
        reason);
    state = next;
    stateReason = reason;
  }

  private String vmAndRun() {
    return "vm=" + vm.vm() + " run=" + vm.run();
  }

  /** Where the consoles of living nodes listen. */
  Set<Endpoint> endpoints() {
    return nodes.endpoints();
  }

  CoordinatorStatus.Watched status(
      long nowNanos, Optional<CoordinatorStatus.FrontView> front, Optional<String> frontProblem) {
    List<FailoverTimeline> timelines = new ArrayList<>(finished);
    failover.map(TimelineRecorder::timeline).ifPresent(timelines::add);
    List<CoordinatorStatus.Node> views = new ArrayList<>();
    for (NodeTable.Entry entry : nodes.entries()) {
      views.add(
          new CoordinatorStatus.Node(
              entry.beat(), nowNanos - entry.receivedNanos(), !nodes.isDead(entry.beat().node())));
    }
    return new CoordinatorStatus.Watched(
        vm,
        state,
        stateReason,
        detector.term(),
        detector.node(),
        nowNanos - detector.lastSignNanos(),
        nodes.hasLivingStandby(),
        pending.map(Pending::order),
        views,
        timelines,
        front,
        frontProblem);
  }
}
