package io.understudy.failover.node;

import io.understudy.failover.monitor.Monitor;
import java.util.Objects;

/**
 * How nodes of this process watch over their runs, and who may watch them.
 *
 * @param protection what a leader does for its standbys, and without one
 * @param monitor where nodes show what they do; one for the process, not closed by them
 */
public record Watching(ProtectionSettings protection, Monitor monitor) {
  public Watching {
    Objects.requireNonNull(protection, "protection");
    Objects.requireNonNull(monitor, "monitor");
  }

  /** The default protection, and nobody who looks. */
  public static Watching byDefault() {
    return new Watching(ProtectionSettings.DEFAULT, new Monitor());
  }
}
