package io.understudy.machine;

/**
 * Decides, at every position, what reaches the machine: the live world while capturing, the log
 * while replaying. The only difference between the two lies behind this interface.
 */
public interface Director extends TimeKeeper {
  /** What the loop does next. */
  enum Turn {
    /** Let the guest run to its next exit. */
    RUN,
    /** Only after a kick: the place where the guest stands has been named, so look at it. */
    LOOK,
    /** Leave the loop; the machine stays at its position. */
    STOP
  }

  /**
   * Called by the vCPU thread at each position, after the exit's device access. Applies the events
   * that belong to the position. A director that returns {@link Turn#RUN} leaves the machine
   * {@linkplain Machine#isRunnable() runnable}; it may block until an event makes it so.
   *
   * @throws InterruptedException if the vCPU thread is interrupted while it waits
   */
  Turn atPosition(Machine machine) throws InterruptedException;

  /**
   * Called when the vCPU was kicked out of the guest between two exits. {@link Turn#RUN} goes on as
   * if nothing had happened, and the machine must not have been changed then. A director of the
   * live world may instead name the place where the guest stands, by applying {@code Preempted} or
   * {@code StateTransferred}, and answer {@link Turn#LOOK}.
   */
  Turn kicked(Machine machine);
}
