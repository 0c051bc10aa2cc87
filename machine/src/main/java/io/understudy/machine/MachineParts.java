package io.understudy.machine;

import io.understudy.machine.disk.FileDisk;
import java.util.Objects;

/**
 * What of a machine is in files of this host.
 *
 * @param program what it executes
 * @param disk its disk, or null
 */
public record MachineParts(GuestProgram program, FileDisk disk) {
  /** Refuses a machine without a program. */
  public MachineParts {
    Objects.requireNonNull(program, "program");
  }
}
