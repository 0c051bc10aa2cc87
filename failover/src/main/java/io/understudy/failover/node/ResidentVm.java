package io.understudy.failover.node;

import io.understudy.log.ControlTopic;
import io.understudy.log.LogException;
import io.understudy.log.LogExtent;
import io.understudy.log.LogTopics;
import io.understudy.log.LogTruncatedException;
import io.understudy.log.TopicPublisher;
import io.understudy.schemas.ControlOrder;
import io.understudy.schemas.ControlOrder.PromotionOrdered;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One VM in a node process: follows its run, leads it when ordered, and follows again when it no
 * longer leads. Each attempt is a {@link Node} of its own, so nothing of an earlier one is left;
 * above all not the machine of a fenced leader, which may have executed what is in no log.
 *
 * <p>{@link #run} belongs to the VM's thread, which is the vCPU thread; {@link #stop} may be called
 * by any.
 */
final class ResidentVm {
  private static final Logger LOG = LoggerFactory.getLogger(ResidentVm.class);
  private static final Duration NEW_RUN_POLL = Duration.ofSeconds(1);
  private static final Duration ORDER_TIMEOUT = Duration.ofSeconds(10);

  private final NodeSettings settings;
  private final OrderBoard board;
  private final Watching watching;
  private final StoreKeeper store;
  private final Comeback comeback =
      new Comeback(RandomGeneratorFactory.<RandomGenerator>of("L64X128MixRandom").create());
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final UUID only;
  private NewRun begin;
  private volatile String stopReason;
  private volatile Node current;

  /**
   * A VM at rest.
   *
   * @param begin the run that is to begin if there is none; null if one is to be waited for
   * @param only the run that it was attached to; null if it keeps whatever run the VM has
   */
  ResidentVm(NodeSettings settings, OrderBoard board, Watching watching, NewRun begin, UUID only) {
    this.settings = settings;
    this.board = board;
    this.watching = watching;
    this.begin = begin;
    this.only = only;
    this.store = new StoreKeeper(settings.stateDirectory());
  }

  /**
   * Stays until it is stopped or nothing can be done any more.
   *
   * @return how it ended: the last attempt's exit, or what made it fail
   */
  VmEnd run() throws InterruptedException {
    for (; ; ) {
      long begun = System.nanoTime();
      VmEnd end = attempt();
      Duration lasted = Duration.ofNanos(System.nanoTime() - begun);
      Comeback.Next next =
          end.failure().isPresent()
              ? comeback.after(end.failure().get(), store.exists(), lasted)
              : comeback.after(end.exit(), lasted);
      if (stopReason != null) {
        return VmEnd.of(settings.vm(), new NodeExit(NodeExit.Kind.REQUESTED, stopReason));
      }
      boolean again = isAttachedAgain(end) || isLogOfAnotherRun(end);
      if (!again && (next == Comeback.Next.END || next == Comeback.Next.GIVE_UP)) {
        return end;
      }
      if (!prepare(again ? Comeback.Next.AGAIN : next, end)) {
        return VmEnd.of(settings.vm(), new NodeExit(NodeExit.Kind.REQUESTED, stopReason));
      }
    }
  }

  /** The order to leave may have been taken back while it was obeyed. */
  private boolean isAttachedAgain(VmEnd end) {
    return end.failure().isEmpty()
        && end.exit().kind() == NodeExit.Kind.DETACHED
        && board.isAttached(settings.vm(), settings.node());
  }

  /**
   * A log that ends before the checkpoints has lost something, unless it was deleted for another
   * run, which may not have begun yet.
   */
  private boolean isLogOfAnotherRun(VmEnd end) {
    boolean ended =
        end.failure()
            .filter(LogTruncatedException.class::isInstance)
            .filter(failure -> !((LogTruncatedException) failure).isCutOff())
            .isPresent();
    try {
      return ended && !loggedRun().equals(store.run());
    } catch (RuntimeException unknown) {
      // The next attempt finds out, and changes nothing until then.
      return true;
    }
  }

  /** Ends it soon. */
  void stop(String why) {
    stopReason = why;
    stopped.countDown();
    Node running = current;
    if (running != null) {
      running.stop(why);
    }
  }

  private VmEnd attempt() throws InterruptedException {
    try {
      return VmEnd.of(settings.vm(), lead().orElseGet(this::follow));
    } catch (StopWaiting interrupted) {
      throw (InterruptedException) new InterruptedException().initCause(interrupted);
    } catch (RuntimeException | Error failure) {
      // Whatever it is, the other VMs of this process must not suffer from it.
      return VmEnd.failed(settings.vm(), failure);
    } finally {
      current = null;
    }
  }

  /** Begins the run that this node is to begin; empty if there is one, or none to begin. */
  private Optional<NodeExit> lead() throws InterruptedException {
    if (begin == null) {
      return Optional.empty();
    }
    try {
      Node node = newNode();
      NodeExit exit = node.runPrimary(begin);
      // Who lost a race for the beginning tries again: the winner may have died of it. Who has led
      // never does: whoever deleted the log since then did not want another run.
      if (node.hasLed()) {
        begin = null;
      }
      return Optional.of(exit);
    } catch (RunExistsException exists) {
      LOG.info("begins no run, there is one: vm={} run={}", settings.vm(), exists.run());
      begin = null;
      if (exists.isLeaderFenced()) {
        takeOver(exists.run());
      }
      return Optional.empty();
    }
  }

  /** This node took the log from a leader that had just begun, and owes the run another one. */
  private void takeOver(UUID run) {
    try (TopicPublisher<ControlOrder> orders =
        ControlTopic.publisher(settings.connection(), ORDER_TIMEOUT)) {
      orders.publish(
          new PromotionOrdered(
              settings.vm().text(),
              run,
              1,
              settings.node(),
              UUID.randomUUID(),
              "two nodes began the run at once, and this one took the log last",
              settings.node(),
              System.currentTimeMillis()));
    }
  }

  private NodeExit follow() {
    try {
      if (only != null && !loggedRun().equals(Optional.of(only))) {
        return new NodeExit(NodeExit.Kind.REQUESTED, "attached to a run that is past: run=" + only);
      }
      requireStoreOfThisRun();
      return newNode().runStandby();
    } catch (InterruptedException interrupted) {
      throw new StopWaiting(interrupted);
    }
  }

  /** A new run under an old id is none that the checkpoints fit. */
  private void requireStoreOfThisRun() {
    Optional<UUID> kept = store.run();
    if (kept.isEmpty()) {
      return;
    }
    Optional<UUID> logged = loggedRun();
    if (logged.isPresent() && !logged.equals(kept)) {
      store.setAside("they are of another run: kept=" + kept.get() + " log=" + logged.get());
    }
  }

  /** The run that the log holds; empty if there is none yet. */
  private Optional<UUID> loggedRun() {
    try (LogTopics topics = new LogTopics(settings.connection())) {
      if (!topics.exists(settings.vm())) {
        return Optional.empty();
      }
    }
    return Optional.ofNullable(LogExtent.of(settings.connection(), settings.vm()).run());
  }

  private Node newNode() {
    Node node = new Node(settings, board, watching);
    current = node;
    if (stopReason != null) {
      node.stop(stopReason);
    }
    return node;
  }

  /** Makes the next attempt possible and waits until it is due; false if there is to be none. */
  private boolean prepare(Comeback.Next next, VmEnd end) throws InterruptedException {
    if (next == Comeback.Next.AWAIT_RUN) {
      LOG.info("the run is over, waits for a new one: vm={}: {}", settings.vm(), end.describe());
      return awaitOtherLog();
    }
    Duration pause = comeback.pause();
    LOG.warn(
        "follows again in {} ms: vm={} node={} because: {}",
        pause.toMillis(),
        settings.vm(),
        settings.node(),
        end.describe(),
        end.unforeseen());
    if (next == Comeback.Next.WITHOUT_STORE) {
      store.setAside(end.describe());
    }
    return !stopped.await(pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Waits until the VM has another log than now; false when stopped. */
  private boolean awaitOtherLog() throws InterruptedException {
    try (LogTopics topics = new LogTopics(settings.connection())) {
      Optional<String> over = logId(topics);
      while (!stopped.await(NEW_RUN_POLL.toMillis(), TimeUnit.MILLISECONDS)) {
        Optional<String> now = logId(topics);
        if (now.isPresent() && !now.equals(over)) {
          return true;
        }
      }
      return false;
    }
  }

  private Optional<String> logId(LogTopics topics) {
    try {
      return topics.describe(settings.vm()).map(LogTopics.EventTopic::topicId);
    } catch (LogException away) {
      // A cluster that is away is no new run.
      return Optional.empty();
    }
  }

  /** Carries an interrupt through a lambda. */
  private static final class StopWaiting extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StopWaiting(InterruptedException cause) {
      super(cause);
    }
  }
}
