package io.understudy.machine;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How often the guest left KVM, and for what.
 *
 * <p>Counted by the vCPU thread at every exit, so without a fence and without an atomic addition;
 * any thread may read, and sees a count that is whole and at most a moment old. Nothing in a
 * machine depends on it.
 */
public final class ExitCounts {
  /** What a guest may leave for. */
  public enum Kind {
    /** It reads a port. */
    PORT_IN(0),
    /** It writes a port. */
    PORT_OUT(1),
    /** It reads or writes where there is no memory. */
    MMIO(2),
    /** It waits for an interrupt. */
    HALT(3),
    /** It reads or writes a model-specific register that is the machine's. */
    MSR(4),
    /** The host wanted it out; no doing of the guest's. */
    INTERRUPTED(5),
    /** It will never run again. */
    END(6);

    private final int index;

    Kind(int index) {
      this.index = index;
    }
  }

  private static final int KINDS = Kind.values().length;

  private final AtomicLongArray counts = new AtomicLongArray(KINDS);

  /** vCPU thread: one more. */
  void count(Kind kind) {
    counts.setOpaque(kind.index, counts.getPlain(kind.index) + 1);
  }

  /** How many there were since this machine was made in this process; any thread. */
  public long of(Kind kind) {
    return counts.getOpaque(kind.index);
  }
}
