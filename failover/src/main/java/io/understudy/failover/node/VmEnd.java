package io.understudy.failover.node;

import io.understudy.schemas.VmId;
import java.util.Optional;

/**
 * How a VM's stay in a node process ended. Exactly one of exit and failure is there.
 *
 * @param vm the VM
 * @param exit how its node ended, null if that failed
 * @param failure what made it fail, empty if nothing did
 */
public record VmEnd(VmId vm, NodeExit exit, Optional<Throwable> failure) {
  static VmEnd of(VmId vm, NodeExit exit) {
    return new VmEnd(vm, exit, Optional.empty());
  }

  static VmEnd failed(VmId vm, Throwable failure) {
    return new VmEnd(vm, null, Optional.of(failure));
  }

  /** Whether somebody asked for it, so that it is no trouble. */
  public boolean isRequested() {
    return exit != null
        && (exit.kind() == NodeExit.Kind.REQUESTED || exit.kind() == NodeExit.Kind.DETACHED);
  }

  /** For people. */
  public String describe() {
    return failure
        .map(cause -> cause.getClass().getSimpleName() + ": " + cause.getMessage())
        .orElseGet(() -> exit.kind() + ": " + exit.message());
  }

  /** The failure if only its stack trace tells what happened, else null; for a logger. */
  Throwable unforeseen() {
    return failure
        .filter(cause -> !cause.getClass().getName().startsWith("io.understudy."))
        .orElse(null);
  }
}
