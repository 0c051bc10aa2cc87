package io.understudy.failover.coordinator;

import io.understudy.failover.front.Endpoint;
import io.understudy.failover.front.FrontState;
import io.understudy.failover.front.FrontStatistics;
import io.understudy.schemas.VmRecord;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The front of one watched run, if it is to have one. A port that somebody else has, or a front
 * that failed, costs this VM its clients and no other VM anything: it is tried again until it
 * works. One that a node contradicted stays closed, because what clients were told is in doubt.
 *
 * <p>Owned by the coordinator's thread.
 */
final class RunFront implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunFront.class);
  private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();

  private final VmRecord vm;
  private final Supplier<Optional<VmFront>> opening;
  private Optional<VmFront> front = Optional.empty();
  private Optional<String> problem = Optional.empty();
  private Set<Endpoint> told = Set.of();
  private boolean isWanted = true;
  private long triedNanos;

  private RunFront(VmRecord vm, Supplier<Optional<VmFront>> opening) {
    this.vm = vm;
    this.opening = opening;
  }

  /**
   * Opens the front of a run, or tries it for the first time.
   *
   * @param opening opens it; empty if the VM is to have none
   */
  static RunFront of(VmRecord vm, Supplier<Optional<VmFront>> opening, long nowNanos) {
    RunFront run = new RunFront(vm, opening);
    run.tryToOpen(nowNanos);
    return run;
  }

  private void tryToOpen(long nowNanos) {
    triedNanos = nowNanos;
    try {
      front = opening.get();
      isWanted = front.isPresent();
      if (problem.isPresent()) {
        LOG.info("front works again: vm={} run={}", vm.vm(), vm.run());
      }
      problem = Optional.empty();
      told = Set.of();
    } catch (UncheckedIOException cannotListen) {
      String why = cannotListen.getMessage() + ": " + cannotListen.getCause().getMessage();
      if (!problem.equals(Optional.of(why))) {
        LOG.warn(
            "clients of a VM cannot connect, its front is tried again every {} s: run={}: {}",
            Duration.ofNanos(RETRY_NANOS).toSeconds(),
            vm.run(),
            why);
      }
      problem = Optional.of(why);
    }
  }

  /** Opens it if it is to be tried again, and tells it where living nodes listen. */
  void tend(Set<Endpoint> living, long nowNanos) {
    if (isWanted && front.isEmpty() && nowNanos - triedNanos >= RETRY_NANOS) {
      tryToOpen(nowNanos);
    }
    if (front.isPresent() && !living.equals(told)) {
      told = living;
      front.orElseThrow().nodes(living);
    }
  }

  /** It is closed for good: what a node said cannot be. */
  void contradicted(String what) {
    problem = Optional.of(what);
  }

  /** It ended by a fault of its own, and is opened again after a while. */
  void failed(String what, long nowNanos) {
    problem = Optional.of(what);
    front.ifPresent(VmFront::close);
    front = Optional.empty();
    triedNanos = nowNanos;
  }

  /** What keeps clients away; empty while nothing does, or if there is to be no front. */
  Optional<String> problem() {
    return problem;
  }

  /** What it does; empty if there is to be none. */
  Optional<FrontState> state() {
    Optional<FrontState> running = front.map(VmFront::statistics).map(FrontStatistics::state);
    return isWanted && running.isEmpty() ? Optional.of(FrontState.FAILED) : running;
  }

  /** How it is shown, while it listens. */
  Optional<CoordinatorStatus.FrontView> view() {
    return front.map(open -> new CoordinatorStatus.FrontView(open.address(), open.statistics()));
  }

  @Override
  public void close() {
    front.ifPresent(VmFront::close);
  }
}
