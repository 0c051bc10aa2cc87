package io.understudy.failover.node;

import io.understudy.capture.CaptureStatistics;
import io.understudy.kvm.Kvm;
import io.understudy.log.EventBytes;
import io.understudy.log.LogException;
import io.understudy.log.LogExtent;
import io.understudy.log.LogTrim;
import io.understudy.log.SnapshotDamagedException;
import io.understudy.log.SnapshotDirectory;
import io.understudy.log.StoredSnapshot;
import io.understudy.log.TrimRefusedException;
import io.understudy.machine.MachineConfig;
import io.understudy.replay.ReplayDivergenceException;
import io.understudy.replay.SnapshotCheck;
import io.understudy.replay.SnapshotSource;
import io.understudy.schemas.Retention;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the log of a run as short as it was told, for one leadership: takes a snapshot when one is
 * due, loads it to see that it is right, and deletes what is before it when enough is behind it, no
 * living standby needs that any more, and this node has just committed, so that it still leads.
 * Whatever fails is tried again later, and costs the leadership nothing.
 *
 * <p>Its own thread does everything; the vCPU thread starts and closes it, any thread may read what
 * it has done.
 */
final class LogKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogKeeper.class);
  private static final Duration TURN = Duration.ofSeconds(1);
  private static final Duration RETRY = Duration.ofSeconds(30);
  private static final Duration ANSWER = Duration.ofSeconds(15);
  private static final Duration EXIT = Duration.ofSeconds(5);

  /** A standby that was silent for longer begins with a snapshot if it comes back. */
  private static final Duration ALIVE = Duration.ofSeconds(30);

  /** A leader whose guest is paused commits once a second, others much more often. */
  private static final Duration PROOF = Duration.ofSeconds(5);

  /** How much of the log is read in a turn to know its size: it must not take a host's time. */
  private static final long READ_IN_A_TURN = 32L << 20;

  private static final long PLACES = 1024;

  private final NodeSettings settings;
  private final RetentionSettings wanted;
  private final RetentionPolicy policy;
  private final Kvm kvm;
  private final MachineConfig config;
  private final UUID run;
  private final long runStartedAtMillis;
  private final CaptureStatistics progress;
  private final StandbyNeeds needs;
  private final Thread thread = new Thread(this::keep, "log-keeper");
  private final Set<UUID> unusable = new HashSet<>();
  private volatile boolean stopped;
  private volatile Retention state;
  private volatile long firstEpoch = -1;
  private volatile long bytes = -1;
  private volatile long trims;
  private volatile long failures;
  private long trimmedTo = -1;
  private String waitsFor = "";

  /**
   * A keeper for a leadership that is about to begin.
   *
   * @param kvm where snapshots are loaded; must stay open until this is closed
   * @param config of the run's machine
   * @param runStartedAtMillis when the run began, on the wall clock of then
   * @param progress what the leadership commits
   */
  LogKeeper(
      NodeSettings settings,
      Kvm kvm,
      MachineConfig config,
      UUID run,
      long runStartedAtMillis,
      CaptureStatistics progress) {
    this.settings = settings;
    this.wanted = settings.snapshots().retention();
    this.policy = new RetentionPolicy(wanted);
    this.kvm = kvm;
    this.config = config;
    this.run = run;
    this.runStartedAtMillis = runStartedAtMillis;
    this.progress = progress;
    this.needs = new StandbyNeeds(settings.node(), run, ALIVE, System.nanoTime());
    this.state = wanted.isOff() ? Retention.OFF : Retention.KEEPING;
    thread.setDaemon(true);
  }

  /** What is to hear the other nodes. */
  Peers.Listener needs() {
    return needs;
  }

  /** What it does now. */
  Retention state() {
    return state;
  }

  /** First epoch that the log has, -1 if not known. */
  long firstEpoch() {
    return firstEpoch;
  }

  /** Size of the log before compression, -1 if it was not told to keep a size. */
  long bytes() {
    return bytes;
  }

  /** How often it has deleted something. */
  long trims() {
    return trims;
  }

  /** How often something failed. */
  long failures() {
    return failures;
  }

  /** Begins; does nothing at all if everything is to be kept. */
  void start() {
    if (!wanted.isOff()) {
      thread.start();
    }
  }

  private void keep() {
    try {
      while (!stopped) {
        try (SnapshotSource source =
                SnapshotSource.open(settings.connection(), settings.vm(), run, settings.node());
            EventBytes size = openSize()) {
          look(source);
          while (!stopped) {
            boolean goesOn = turn(source, size);
            pause(goesOn ? Duration.ZERO : TURN);
          }
        } catch (CancellationException ended) {
          return;
        } catch (RuntimeException | Error failure) {
          // Also of an Error: nobody else would miss this thread.
          failed(failure);
        }
        pause(RETRY);
      }
    } catch (InterruptedException interrupted) {
      stopped = true;
    }
  }

  private void pause(Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    synchronized (this) {
      long left = time.toNanos();
      while (!stopped && left > 0) {
        wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
        left = deadline - System.nanoTime();
      }
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the keeper's thread.
  private void failed(Throwable failure) {
    if (stopped) {
      return;
    }
    failures++;
    state = Retention.FAILING;
    LOG.warn(
        "the log is not shortened, tries again: vm={} run={}: {}",
        settings.vm(),
        run,
        failure.toString());
  }

  private EventBytes openSize() {
    return wanted.bytes() == 0
        ? null
        : EventBytes.open(
            settings.connection(), settings.vm(), Math.max(1, wanted.bytes() / PLACES));
  }

  /** Finds out where the log begins. */
  private void look(SnapshotSource source) {
    LogExtent log = LogExtent.of(settings.connection(), settings.vm());
    if (log.isWhole()) {
      firstEpoch = 0;
      return;
    }
    for (StoredSnapshot snapshot : usable(source)) {
      if (snapshot.position().offsets().equals(log.beginnings())) {
        begins(snapshot.manifest().epoch());
      }
    }
  }

  private void begins(long lastDeleted) {
    trimmedTo = lastDeleted;
    firstEpoch = lastDeleted + 1;
  }

  private List<StoredSnapshot> usable(SnapshotSource source) {
    return source.directory().of(run).stream()
        .filter(snapshot -> snapshot.manifest().isComplete() && !unusable.contains(snapshot.id()))
        .toList();
  }

  /** Does what is to be done next; whether there may be more to do. */
  private boolean turn(SnapshotSource source, EventBytes size) throws InterruptedException {
    source.directory().poll(Duration.ZERO);
    if (size != null) {
      size.readOn(READ_IN_A_TURN);
      bytes = size.bytes();
    }
    RetentionPolicy.Place start =
        new RetentionPolicy.Place(
            -1,
            false,
            System.currentTimeMillis() - runStartedAtMillis,
            size == null || !size.isComplete() ? -1 : size.bytes());
    List<StoredSnapshot> snapshots = usable(source);
    RetentionPolicy.Step step =
        policy.next(
            start, snapshots.stream().map(snapshot -> place(snapshot, size)).toList(), trimmedTo);
    switch (step.kind()) {
      case TRIM -> {
        return trim(step.epoch(), size);
      }
      case VERIFY -> verify(find(snapshots, step.epoch()), source);
      case TAKE -> take(source);
      case NOTHING -> {
        becomes(Retention.KEEPING, "");
        return false;
      }
    }
    return true;
  }

  private static StoredSnapshot find(List<StoredSnapshot> snapshots, long epoch) {
    return snapshots.stream()
        .filter(snapshot -> snapshot.manifest().epoch() == epoch)
        .reduce((before, next) -> next)
        .orElseThrow();
  }

  private static RetentionPolicy.Place place(StoredSnapshot snapshot, EventBytes size) {
    return new RetentionPolicy.Place(
        snapshot.manifest().epoch(),
        snapshot.verified(),
        System.currentTimeMillis() - snapshot.manifest().completedAtMillis(),
        size == null || !size.isComplete() ? -1 : size.behind(snapshot.position()));
  }

  private void take(SnapshotSource source) {
    Optional<StoredSnapshot> taken =
        source.order(-1, "the log is to be shortened", ANSWER, () -> stopped);
    if (taken.isEmpty() && !stopped) {
      throw new LogException("no snapshot was taken: its reason is in a line above");
    }
  }

  private void verify(StoredSnapshot snapshot, SnapshotSource source) {
    try {
      long begin = System.nanoTime();
      SnapshotCheck.load(kvm, config, settings.connection(), snapshot, () -> stopped);
      source.directory().publishVerified(snapshot, settings.node());
      LOG.info(
          "verified a snapshot: vm={} run={} snapshot={} epoch={} millis={}",
          settings.vm(),
          run,
          snapshot.id(),
          snapshot.manifest().epoch(),
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
      awaitVerified(snapshot.id(), source.directory());
    } catch (SnapshotDamagedException | ReplayDivergenceException wrong) {
      unusable.add(snapshot.id());
      throw wrong;
    }
  }

  /** Else it would be loaded once more. */
  private void awaitVerified(UUID id, SnapshotDirectory directory) {
    long deadline = System.nanoTime() + ANSWER.toNanos();
    while (!stopped && !directory.find(id).map(StoredSnapshot::verified).orElse(false)) {
      if (System.nanoTime() - deadline >= 0) {
        throw new LogException("what was published does not come back: snapshot=" + id);
      }
      directory.poll(TURN);
    }
  }

  /** Whether there may be more to do. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // One writer: the keeper's thread.
  private boolean trim(long epoch, EventBytes size) throws InterruptedException {
    Optional<String> objection = needs.objection(epoch);
    if (objection.isPresent()) {
      becomes(Retention.WAITING, objection.orElseThrow());
      return false;
    }
    LogTrim trim;
    try {
      trim =
          LogTrim.plan(
              settings.connection(),
              settings.vm(),
              snapshot ->
                  snapshot.run().equals(run)
                      && snapshot.manifest().epoch() <= epoch
                      && snapshot.manifest().epoch() > trimmedTo);
    } catch (TrimRefusedException gone) {
      // It was deleted since, for there are newer ones: one of them is next.
      throw new LogException(gone.getMessage(), gone);
    }
    if (!hasCommittedNow()) {
      becomes(Retention.WAITING, "nothing was committed for " + PROOF.toMillis() + " ms");
      return false;
    }
    // Planning took time, in which a standby may have come.
    Optional<String> late = needs.objection(trim.snapshot().manifest().epoch());
    if (late.isPresent()) {
      becomes(Retention.WAITING, late.orElseThrow());
      return false;
    }
    trim.apply(settings.connection());
    trims++;
    begins(trim.snapshot().manifest().epoch());
    if (size != null) {
      size.deletedBelow(trim.snapshot().position().offsets());
      bytes = size.bytes();
    }
    LOG.info(
        "shortened the log: vm={} run={} lastEpochDeleted={} offsets={} snapshot={}",
        settings.vm(),
        run,
        trimmedTo,
        trim.offsets(),
        trim.snapshot().id());
    becomes(Retention.KEEPING, "");
    return true;
  }

  /** Only who leads can commit, so a commit from now on proves it. */
  private boolean hasCommittedNow() throws InterruptedException {
    // The one that is under way may have been acknowledged before this moment.
    long proof = progress.lastCommittedEpoch() + 2;
    long deadline = System.nanoTime() + PROOF.toNanos();
    while (progress.lastCommittedEpoch() < proof && System.nanoTime() - deadline < 0 && !stopped) {
      pause(Duration.ofMillis(10));
    }
    return progress.lastCommittedEpoch() >= proof && !stopped;
  }

  private void becomes(Retention next, String why) {
    if (!why.equals(waitsFor) && !why.isEmpty()) {
      LOG.info("the log is not shortened yet: vm={} run={}: {}", settings.vm(), run, why);
    }
    waitsFor = why;
    state = next;
  }

  @Override
  public void close() {
    synchronized (this) {
      stopped = true;
      notifyAll();
    }
    if (wanted.isOff()) {
      return;
    }
    ThreadEnd.await(thread, EXIT);
  }
}
