package io.understudy.replay;

import io.understudy.machine.Machine;
import java.util.concurrent.locks.LockSupport;

/**
 * Kicks a replaying machine now and then: one that has lost its way may never exit, and whoever
 * replays it looks only when it does, or at a kick, whether it is to stop or has gone too far.
 */
final class PeriodicKick implements AutoCloseable {
  private static final long PERIOD_NANOS = 100_000_000;

  private final Machine machine;
  private final Thread thread = new Thread(this::kick, "periodic-kick");
  private volatile boolean closed;

  private PeriodicKick(Machine machine) {
    this.machine = machine;
  }

  /** Kicks {@code machine} from now on. */
  static PeriodicKick of(Machine machine) {
    PeriodicKick kick = new PeriodicKick(machine);
    kick.thread.setDaemon(true);
    kick.thread.start();
    return kick;
  }

  private void kick() {
    while (!closed) {
      LockSupport.parkNanos(PERIOD_NANOS);
      machine.kick();
    }
  }

  /** Ends it soon; a last kick may still come. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
