package io.understudy.machine.devices;

/**
 * Saved state of a {@link ResetPort}.
 *
 * @param resetControl what port 0xCF9 reads: bits 1 and 3 only
 * @param resetRequested whether the guest has asked for a reset
 */
public record ResetPortState(int resetControl, boolean resetRequested) {

  /** Refuses bits the register does not have. */
  public ResetPortState {
    Checks.bits("resetControl", resetControl, ResetPort.RESET_TYPE_MASK);
  }
}
