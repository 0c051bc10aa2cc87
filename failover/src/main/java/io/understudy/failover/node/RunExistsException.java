package io.understudy.failover.node;

import io.understudy.schemas.VmId;
import java.util.UUID;

/** A run cannot begin because the VM's log holds one already. */
public final class RunExistsException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final transient UUID run;
  private final boolean leaderFenced;

  RunExistsException(VmId vm, UUID run, boolean leaderFenced) {
    super(
        "the VM has a run already: vm="
            + vm
            + " run="
            + run
            + "; to go on with it start a standby, to begin anew delete its log"
            + " (understudy topics delete) or choose another id");
    this.run = run;
    this.leaderFenced = leaderFenced;
  }

  /** The run that is there. */
  UUID run() {
    return run;
  }

  /**
   * Whether it appeared between a first look and the fence. Its leader has lost the log then, and
   * somebody must take over.
   */
  boolean isLeaderFenced() {
    return leaderFenced;
  }
}
