package io.understudy.failover.node;

import io.understudy.schemas.VmRecord;
import io.understudy.schemas.VmStatus;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A leader's entry in the directory of VMs. Coordinators know a run from there alone, so a run
 * without an entry is watched by nobody: the entry is written until it is acknowledged, for as long
 * as this node leads.
 *
 * <p>Its own thread writes that the run is led; the vCPU thread starts and closes it, and writes
 * that the run has ended.
 */
final class DirectoryEntry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DirectoryEntry.class);
  private static final long FIRST_PAUSE_MILLIS = 200;
  private static final long LONGEST_PAUSE_MILLIS = 5_000;
  private static final Duration EXIT = Duration.ofSeconds(1);

  private final Consumer<VmRecord> directory;
  private final Function<VmStatus, VmRecord> entry;
  private final BooleanSupplier giveUp;
  private final Thread thread = new Thread(this::announce, "directory");
  private volatile boolean stopped;

  /**
   * An entry that is not written yet.
   *
   * @param directory returns once an entry is in the topic, and throws if it may not be
   * @param entry what is to be written, as it is now
   * @param giveUp asked between two attempts to write that the run has ended; true ends them
   */
  DirectoryEntry(
      Consumer<VmRecord> directory, Function<VmStatus, VmRecord> entry, BooleanSupplier giveUp) {
    this.directory = directory;
    this.entry = entry;
    this.giveUp = giveUp;
    thread.setDaemon(true);
  }

  /** Begins to write that this node leads the run. */
  void start() {
    thread.start();
  }

  private void announce() {
    try {
      write(VmStatus.RUNNING, () -> !stopped);
    } catch (InterruptedException closed) {
      // The leadership is over, and with it what was to be said.
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Writes that the run has ended. The log says so already: if nobody hears it, a standby is
   * ordered to lead, finds the guest ended and says it.
   *
   * @param most for how long it is tried
   */
  void ended(Duration most) throws InterruptedException {
    close();
    long begun = System.nanoTime();
    boolean written =
        write(
            VmStatus.ENDED,
            () -> System.nanoTime() - begun < most.toNanos() && !giveUp.getAsBoolean());
    if (!written) {
      VmRecord unwritten = entry.apply(VmStatus.ENDED);
      LOG.error(
          "the directory does not say that the run has ended, its standbys go on waiting: vm={}"
              + " run={} term={}",
          unwritten.vm(),
          unwritten.run(),
          unwritten.term());
    }
  }

  /** Whether it is written; false if it was not before {@code goOn} said no. */
  private boolean write(VmStatus status, BooleanSupplier goOn) throws InterruptedException {
    long pause = FIRST_PAUSE_MILLIS;
    do {
      try {
        directory.accept(entry.apply(status));
        return true;
      } catch (RuntimeException | Error failure) {
        if (Thread.interrupted()) {
          throw (InterruptedException) new InterruptedException().initCause(failure);
        }
        LOG.warn(
            "the directory does not take the run's entry, coordinators do not see it yet; tries"
                + " again: status={}: {}",
            status,
            failure.toString());
      }
      TimeUnit.MILLISECONDS.sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
    } while (goOn.getAsBoolean());
    return false;
  }

  @Override
  public void close() {
    stopped = true;
    ThreadEnd.await(thread, EXIT);
  }
}
