package io.understudy.machine;

import io.understudy.kvm.VcpuExit;
import java.util.OptionalLong;

/**
 * Runs the guest and names the places between two of its exits, as far as the host allows.
 *
 * <p>Counts from a <em>named place</em>: power-on, an exit, or a place that was named before. Owned
 * by the vCPU thread.
 */
interface LogicalClock {
  /** The guest stands at a named place: from here it counts. */
  void restart();

  /** An interrupt has been queued: the next instruction is its handler's first. */
  void injected();

  /** Lets the guest run to its next exit or until it is kicked. */
  VcpuExit run();

  /**
   * How many instructions the guest has executed since the named place. Asked after a kick.
   *
   * @return empty if a number would not lead another execution to this place
   */
  OptionalLong instructions();

  /**
   * Lets the guest run to the place that is {@code instructions} behind the named one.
   *
   * @param rip where its next instruction is then
   * @return null when it is there, otherwise what came first: after a kick, call again
   * @throws MachineException if the place has been passed, or this clock cannot find it
   */
  VcpuExit runTo(long instructions, long rip);
}
