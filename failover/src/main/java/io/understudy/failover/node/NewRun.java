package io.understudy.failover.node;

import io.understudy.machine.MachineParts;
import io.understudy.schemas.Attachments;
import java.util.Objects;

/**
 * A run that is to begin.
 *
 * @param guest name under which other hosts find the image
 * @param parts what the guest executes, and its disk
 * @param memoryBytes size of its memory
 * @param commandLine handed to it
 * @param macAddress of its network card, empty if it has none
 * @param consoleDevice which device carries the console: one of {@link Attachments}' names
 * @param partitions over how many partitions its log is striped, at least 1
 * @param consoleMode how its console frames bytes: {@code channels} or {@code stream}
 */
public record NewRun(
    String guest,
    MachineParts parts,
    long memoryBytes,
    String commandLine,
    String macAddress,
    String consoleDevice,
    int partitions,
    String consoleMode) {
  /** Refuses what cannot work. */
  public NewRun {
    Objects.requireNonNull(guest, "guest");
    Objects.requireNonNull(parts, "parts");
    Objects.requireNonNull(commandLine, "commandLine");
    Objects.requireNonNull(macAddress, "macAddress");
    if (partitions < 1) {
      throw new IllegalArgumentException("partitions must be at least 1, is " + partitions);
    }
    if (!consoleMode.equals("channels") && !consoleMode.equals("stream")) {
      throw new IllegalArgumentException(
          "console mode must be 'channels' or 'stream', is '" + consoleMode + "'");
    }
  }

  /** What the run's header will say of the machine's attachments. */
  Attachments attachments() {
    return new Attachments(
        parts.program().boot(),
        parts.program().initrdSha256(),
        parts.disk() == null ? null : parts.disk().description(),
        macAddress,
        consoleDevice);
  }
}
